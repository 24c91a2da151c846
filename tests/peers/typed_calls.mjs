// Asks the TypeScript compiler whether calls fit the types of a vendor's own client package: names, kinds and what is required.
// usage: node typed_calls.mjs NODE_MODULES FILE.ts; JSON {"setup": [lines], "calls": [{"id", "call": "client.a.b", "argument"}]} on
// standard input, a map from id to the list of faults on standard output.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [, , packages, file] = process.argv;
const ts = createRequire(join(packages, 'anything.js'))('typescript');
const { setup, calls } = JSON.parse(readFileSync(0, 'utf8'));
const lines = [...setup, ...calls.map(({ call, argument }) => `void ${call}(${JSON.stringify(argument)});`)];
writeFileSync(file, lines.join('\n') + '\n');

const program = ts.createProgram([file], {
  strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16,
});
const faults = Object.fromEntries(calls.map(({ id }) => [id, []]));
for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  const line = diagnostic.file?.fileName === file ? ts.getLineAndCharacterOfPosition(diagnostic.file, diagnostic.start).line : -1;
  const call = calls[line - setup.length];
  if (!call) throw new Error(`${diagnostic.file?.fileName}:${line + 1} ${text}`);
  faults[call.id].push(text);
}
process.stdout.write(JSON.stringify(faults));
