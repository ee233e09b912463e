import { readFileSync, writeFileSync } from 'node:fs';

/** The parts of JSON Schema that `config/schema.json` uses. */
interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly 'x-unit'?: string;
  readonly 'x-effect'?: string;
  readonly 'x-expected'?: string;
  readonly 'x-choice'?: string;
}

const INTRODUCTION = `# Configuration

Generated from \`config/schema.json\` by \`node scripts/generate-config-reference.ts\`; do not edit.

One YAML 1.2 file: \`config/portcullis.yaml\`, or the one that \`--config FILE\` or the environment variable
\`PORTCULLIS_CONFIG\` names. \`portcullis check\` tells everything that is wrong with it, each with file, line, key and
remedy. Unknown keys are refused. Relative paths in the file start at the **working directory** of the gateway, not
at the folder of the file.

**Secrets** are never bare text but references: \`{ file: PATH }\` (one trailing line break is not part of the secret),
\`{ env: NAME }\`, or \`{ value: TEXT }\`, the last in the development profile only. Where a secret stands for bytes,
\`encoding: base64 | hex | utf8\` overrides how its text is read. Without it, \`whsec_\` + base64 is decoded for
\`standard-webhooks\` and for \`core.signingSecret\`; everything else is the UTF-8 bytes of the text. \`whpk_\` + base64 and
PEM are the sender's Ed25519 public key, for \`standard-webhooks\` (v1a) and \`http-message-signatures\`.

**Development profile**: a \`{ file: … }\` secret that does not exist is made at the first start, mode 0600, in a folder
of mode 0700; older master keys excepted. Weak or repeated keys, files that others may read and unsafe Node.js options
are warnings.

**Production profile** refuses to start on keys that are short, zero, repeating, counting, not random, published as
samples or placeholders; on one key in two places; on secrets written in the file; on secret files with any permission
for group or others; on \`NODE_TLS_REJECT_UNAUTHORIZED=0\`, \`--insecure-http-parser\`, \`--inspect\` and the like, in
\`NODE_OPTIONS\` too; on unencrypted URLs to other machines; on a \`toleranceSeconds\` over 600; and on a Node.js
without the fixes of July 2026 (24.18.1, 26.5.1).

**Reload**: \`SIGHUP\` reads the file and all secrets again and puts them in force as one snapshot, or not at all. Keys
marked *restart* keep their running value until then; the reload says so. \`profile\` cannot change.

**Sender profiles** are the files of \`config/sender-profiles\` of the product and of \`sender-profiles\` beside the
configuration file; of two with the same name the latter is used.
`;

/** The reference of every key as Markdown: one table for each mapping of the schema. */
export function renderConfigReference(root: Schema): string {
  const sections: string[] = [];
  collectSections(root, root, '', sections);
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}

function collectSections(root: Schema, schema: Schema, path: string, sections: string[]): void {
  const { properties = {} } = schema;
  const rows = Object.entries(properties).map(([name, property]) => renderRow(root, schema, name, property));
  const heading = path === '' ? '## The file' : `## \`${path}\``;
  const about = [schema.description, schema['x-choice'] && `Give ${schema['x-choice']}.`]
    .filter(Boolean)
    .join(' ');
  const table = ['| key | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
  sections.push(`${heading}\n${about}\n\n${table}\n`);
  for (const [name, property] of Object.entries(properties)) {
    const child = resolve(root, property);
    const below = path === '' ? name : `${path}.${name}`;
    const item = child.items && resolve(root, child.items);
    if (isMapping(child)) collectSections(root, child, below, sections);
    else if (item !== undefined && isMapping(item)) collectSections(root, item, `${below}[]`, sections);
  }
}

function renderRow(root: Schema, parent: Schema, name: string, property: Schema): string {
  const target = resolve(root, property);
  const required = parent.required?.includes(name) ? '**required**' : '';
  const fallback = 'default' in property ? code(property.default) : required;
  const cells = [`\`${name}\``, typeName(root, target), fallback, meaning(property, target)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeName(root: Schema, schema: Schema): string {
  if (isSecret(schema)) return 'secret';
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(' | ');
  if (schema.items !== undefined) return `list of ${typeName(root, resolve(root, schema.items))}`;
  if (schema.type === 'object') return 'mapping';
  if (Array.isArray(schema.type)) return '`off` | `required` | mapping';
  if (schema.type === 'integer' || schema.type === 'number') return numberName(schema);
  return schema.title ?? TYPE_NAMES[String(schema.type)] ?? 'text';
}

const TYPE_NAMES: Readonly<Record<string, string>> = { string: 'text', boolean: '`true` | `false`' };

function numberName({ minimum, maximum, 'x-unit': unit }: Schema): string {
  const range = maximum === undefined ? `at least ${minimum}` : `${minimum} … ${maximum}`;
  return unit === undefined ? range : `${range} ${unit}`;
}

function meaning(property: Schema, target: Schema): string {
  const text = property.description ?? target.description ?? '';
  const expected = target['x-expected'] === undefined ? '' : ` Written as ${target['x-expected']}.`;
  const effect = (property['x-effect'] ?? target['x-effect']) === 'restart' ? ' *restart*' : '';
  return `${text}${expected}${effect}`;
}

function code(value: unknown): string {
  if (value !== null && typeof value === 'object' && Object.keys(value).length === 0) {
    return Array.isArray(value) ? 'empty' : 'see below';
  }
  return `\`${typeof value === 'string' ? value || '""' : JSON.stringify(value)}\``;
}

function isSecret(schema: Schema): boolean {
  return schema.title === 'secret reference' && schema.properties?.id === undefined;
}

function isMapping(schema: Schema): boolean {
  return schema.properties !== undefined && !isSecret(schema);
}

function resolve(root: Schema, schema: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '');
  return name === undefined ? schema : { ...root.$defs?.[name], ...schema };
}

if (import.meta.main) {
  const schema: Schema = JSON.parse(readFileSync(new URL('../config/schema.json', import.meta.url), 'utf8'));
  writeFileSync(new URL('../docs/configuration.md', import.meta.url), renderConfigReference(schema));
}
