// Linear's GraphQL schema, read back from the TypeScript types that Linear generates from it for its own package @linear/sdk:
// `type Issue = Node & { __typename?: "Issue"; title: Scalars["String"]; ... }`, `type IssueLabelsArgs = {...}`, enums and unions.

/** The schema as GraphQL text. `ts` is the typescript package, `source` the generated declarations. */
export function linearSchema(ts, source) {
  const aliases = new Map();
  const out = [];
  const text = (node) => node.text ?? node.escapedText;
  const collect = (node) => {
    if (ts.isTypeAliasDeclaration(node)) aliases.set(text(node.name), node.type);
    else if (ts.isEnumDeclaration(node)) {
      const values = node.members.map((member) => text(member.initializer));
      out.push(`enum ${text(node.name)} { ${values.join(' ')} }`);
    } else ts.forEachChild(node, collect);
  };
  collect(ts.createSourceFile('types.d.ts', source, ts.ScriptTarget.Latest));

  const nameOf = (node) => (ts.isTypeReferenceNode(node) ? text(node.typeName) : undefined);
  const optional = (node) => ['Maybe', 'InputMaybe'].includes(nameOf(node));
  const bare = (node) => {
    if (ts.isIndexedAccessTypeNode(node)) return text(node.indexType.literal);
    if (nameOf(node) === 'Array') return `[${typeText(node.typeArguments[0])}]`;
    return nameOf(node);
  };
  const typeText = (node) => (optional(node) ? bare(node.typeArguments[0]) : `${bare(node)}!`);

  // An object or interface is a literal, with the interfaces it has joined by &.
  const parts = (node) => (ts.isIntersectionTypeNode(node) ? [...node.types] : [node]);
  const literalOf = (node) => parts(node).find(ts.isTypeLiteralNode);
  const fieldsOf = (node) => literalOf(node).members.filter((member) => ts.isPropertySignature(member) && text(member.name) !== '__typename');
  const marker = (node) => literalOf(node)?.members.find((member) => ts.isPropertySignature(member) && text(member.name) === '__typename');
  const capital = (word) => word[0].toUpperCase() + word.slice(1);

  const written = new Set();
  const inputField = (member) => `${text(member.name)}: ${typeText(member.type)}`;
  const mention = (node, kind) => {
    if (optional(node)) return mention(node.typeArguments[0], kind);
    if (nameOf(node) === 'Array') return mention(node.typeArguments[0], kind);
    if (nameOf(node)) write(nameOf(node), kind);
  };
  const argumentsOf = (owner, field) => {
    const type = aliases.get(`${owner}${capital(field)}Args`);
    if (!type) return '';
    const members = fieldsOf(type);
    members.forEach((member) => mention(member.type, 'input'));
    return `(${members.map(inputField).join(', ')})`;
  };
  function write(name, kind) {
    const type = aliases.get(name);
    if (!type || written.has(name)) return;
    written.add(name);
    if (ts.isUnionTypeNode(type)) {
      type.types.forEach((member) => mention(member, 'type'));
      out.push(`union ${name} = ${type.types.map(nameOf).join(' | ')}`);
      return;
    }
    const members = fieldsOf(type);
    members.forEach((member) => mention(member.type, kind === 'input' ? 'input' : 'type'));
    if (kind === 'input') {
      out.push(`input ${name} { ${members.map(inputField).join('\n')} }`);
      return;
    }
    const interfaces = parts(type).map(nameOf).filter(Boolean);
    interfaces.forEach((other) => write(other, 'type'));
    const word = marker(type) ? 'type' : 'interface';
    const fields = members.map((member) => `${text(member.name)}${argumentsOf(name, text(member.name))}: ${typeText(member.type)}`);
    out.push(`${word} ${name}${interfaces.length ? ` implements ${interfaces.join(' & ')}` : ''} { ${fields.join('\n')} }`);
  }

  for (const scalar of fieldsOf(aliases.get('Scalars'))) {
    const name = text(scalar.name);
    if (!['ID', 'String', 'Boolean', 'Int', 'Float'].includes(name)) out.push(`scalar ${name}`);
  }
  // Every object type, not only what Query reaches: an interface is known by all that have it.
  for (const [name, type] of aliases) {
    const mark = marker(type);
    if (mark?.questionToken && ts.isLiteralTypeNode(mark.type) && text(mark.type.literal) === name) write(name, 'type');
  }
  return out.join('\n');
}
