// Checks GraphQL requests with the graphql reference library against the schemas of GitHub and Linear, and answers the good ones with
// made-up data of the right shape.
// usage: node graphql_judge.mjs NODE_MODULES
// A line {"schema": "github"|"linear", "query", "variables"} in, a line {"faults": [...], "data": {...}|null} out.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { linearSchema } from './linear_schema.mjs';

const packages = process.argv[2];
const require = createRequire(join(packages, 'anything.js'));
const { buildSchema, executeSync, getNamedType, getNullableType, getVariableValues, isEnumType, isListType, isScalarType, parse, validate } =
  require('graphql');

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

// What a field of this type answers: one element in each list, the first word of an enum.
const scalars = { Int: 1, Float: 1, Boolean: true };
function made(type) {
  const inner = getNullableType(type);
  if (isListType(inner)) return [made(inner.ofType)];
  if (isScalarType(inner)) return scalars[inner.name] ?? 'text';
  return isEnumType(inner) ? inner.getValues()[0].value : {};
}
// Of a union or an interface the first type that the query asks something of.
function asked(value, context, info) {
  const conditions = info.fieldNodes.flatMap((node) => node.selectionSet.selections).map((part) => part.typeCondition?.name.value);
  const possible = info.schema.getPossibleTypes(getNamedType(info.returnType)).map((type) => type.name);
  return conditions.find((name) => possible.includes(name)) ?? possible[0];
}

function answer({ schema: name, query, variables }) {
  const schema = schemaOf(name);
  const { data, errors } = executeSync({
    schema, document: parse(query), variableValues: variables, fieldResolver: (source, args, context, info) => made(info.returnType),
    typeResolver: asked,
  });
  if (errors) throw errors[0];
  return data;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let found;
  let data = null;
  try {
    found = faults(request);
    if (!found.length) data = answer(request);
  } catch (error) {
    found = [String(error.message)];
  }
  process.stdout.write(JSON.stringify({ faults: found, data }) + '\n');
}
