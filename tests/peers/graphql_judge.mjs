// Checks GraphQL requests with the graphql reference library against the schemas of GitHub and Linear.
// usage: node graphql_judge.mjs NODE_MODULES; a line {"schema": "github"|"linear", "query", "variables"} in, a list of faults out.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { linearSchema } from './linear_schema.mjs';

const packages = process.argv[2];
const require = createRequire(join(packages, 'anything.js'));
const { buildSchema, getVariableValues, parse, validate } = require('graphql');

const sources = {
  github: () => readFileSync(join(packages, '@octokit', 'graphql-schema', 'schema.graphql'), 'utf8'),
  linear: () => {
    const folder = join(packages, '@linear', 'sdk', 'dist');
    const texts = readdirSync(folder).filter((name) => name.endsWith('.d.mts')).map((name) => readFileSync(join(folder, name), 'utf8'));
    return linearSchema(require('typescript'), texts.find((text) => /^type Scalars = /m.test(text)));
  },
};
const built = {};
const schemaOf = (name) => (built[name] ??= buildSchema(sources[name](), { assumeValid: true }));

function faults({ schema: name, query, variables = {} }) {
  const schema = schemaOf(name);
  const document = parse(query);
  const found = validate(schema, document).map((error) => error.message);
  if (found.length) return found;
  const [operation] = document.definitions;
  const declared = operation.variableDefinitions ?? [];
  const names = new Set(declared.map((definition) => definition.variable.name.value));
  const extra = Object.keys(variables).filter((variable) => !names.has(variable));
  const { errors = [] } = getVariableValues(schema, declared, variables);
  return [...extra.map((variable) => `the query declares no variable ${variable}`), ...errors.map((error) => error.message)];
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = faults(JSON.parse(line));
  } catch (error) {
    answer = [String(error.message)];
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
