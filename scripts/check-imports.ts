import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The import rule: kernel ← resilience ← services ← flows ← edges ← config ← top. A folder may import from its own ring's
 * lower rings; services may import services, flows never flows, edges never edges. Vendors are confined to their places.
 */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = join(ROOT, 'src');

const RINGS: readonly (readonly string[])[] = [
  ['kernel'],
  ['resilience'],
  ['tenancy', 'access', 'audit', 'privacy', 'consent', 'reliability', 'scanning'],
  ['inbound', 'forwarding', 'imaging', 'outbound', 'upkeep'],
  ['http', 'clients', 'storage', 'telemetry', 'console'],
  ['config'],
  ['cli', 'top'],
];
/** Rings whose folders may import one another. */
const SOCIABLE = new Set([2, 6]);

/** Where each package may be imported; folders below `src`. What is not listed may not be imported at all. */
const VENDORS: Readonly<Record<string, readonly string[]>> = {
  ajv: ['inbound', 'config'],
  express: ['http'],
  helmet: ['http'],
  jose: ['cli', 'access'],
  opossum: ['resilience'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  'structured-headers': ['inbound/signature'],
  undici: ['clients'],
  yaml: ['config'],
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'|(?:^|\n)import\s+'([^']+)'|new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g;
const ENVIRONMENT = /\bprocess\.(?:env|execArgv)\b/;

const complaints: string[] = [];
for (const file of sourceFiles(SOURCE)) inspect(file);
for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function inspect(file: string): void {
  const text = readFileSync(file, 'utf8');
  const place = relative(SOURCE, file).split(sep).join('/');
  if (ENVIRONMENT.test(withoutComments(text)) && !place.startsWith('config/'))
    complain(place, 'reads process.env outside config/');
  if (/^export default\b/m.test(text)) complain(place, 'has a default export');
  if (text.split('\n').length > 401) complain(place, 'is longer than 400 lines');
  for (const match of text.matchAll(IMPORT)) {
    const target = match.slice(1).find((group) => group !== undefined);
    if (target === undefined || target.startsWith('node:')) continue;
    if (target.startsWith('.'))
      inspectInternal(
        place,
        relative(SOURCE, resolve(dirname(file), target))
          .split(sep)
          .join('/'),
      );
    else inspectVendor(place, target);
  }
}

function inspectInternal(from: string, to: string): void {
  if (to === '../package.json') return;
  if (to.startsWith('..')) complain(from, `imports ${to}, outside src`);
  const [fromRing, toRing] = [ringOf(from), ringOf(to)];
  if (fromRing === undefined) complain(from, 'stands in no ring of the house');
  if (fromRing === undefined || toRing === undefined || topFolder(from) === topFolder(to)) return;
  if (toRing > fromRing) complain(from, `imports ${to}, from a ring further out`);
  if (toRing === fromRing && !SOCIABLE.has(fromRing))
    complain(from, `imports ${to}, a neighbour in its ring`);
}

function inspectVendor(place: string, target: string): void {
  const name = target.startsWith('@')
    ? target.split('/').slice(0, 2).join('/')
    : (target.split('/')[0] ?? target);
  const allowed = VENDORS[name] ?? (name === 'fhir' ? ['inbound'] : undefined);
  if (allowed === undefined) complain(place, `imports ${name}, which no part of src may`);
  else if (!allowed.some((folder) => place.startsWith(`${folder}/`)))
    complain(place, `imports ${name}; only ${allowed.join(', ')} may`);
}

function topFolder(place: string): string {
  const [first, ...rest] = place.split('/');
  return rest.length === 0 ? 'top' : (first ?? '');
}

function ringOf(place: string): number | undefined {
  const ring = RINGS.findIndex((folders) => folders.includes(topFolder(place)));
  return ring === -1 ? undefined : ring;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
}

function complain(place: string, what: string): void {
  complaints.push(`src/${place} ${what}`);
}
