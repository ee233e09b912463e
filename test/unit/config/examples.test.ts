import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderConfigReference } from '../../../scripts/generate-config-reference.ts';
import { ensureDevelopmentKeys } from '../../../src/config/development-keys.ts';
import { signingKeyPem, webhookSecret, workspace } from './fixture.ts';

const repository = (name: string) => new URL(`../../../${name}`, import.meta.url);
const read = (name: string) => readFileSync(repository(name), 'utf8');

test('the default configuration starts from nothing: keys are made, and it loads without a warning', async (t) => {
  const space = await workspace(t);
  await space.write('config/portcullis.yaml', read('config/portcullis.yaml'));
  const made = await ensureDevelopmentKeys('config/portcullis.yaml', space.environment);
  assert.deepEqual(made, [
    'var/keys/master.key',
    'var/keys/audit.pem',
    'var/secrets/core.secret',
    'var/secrets/mercy-ehr.secret',
  ]);
  const result = await space.loader()('config/portcullis.yaml');
  assert.ok(result.ok, JSON.stringify(result));
  const { config, sources, warnings } = result.snapshot;
  assert.deepEqual(warnings, []);
  assert.equal(config.profile, 'development');
  assert.deepEqual(config.http.listen, { host: '127.0.0.1', port: 8080 });
  assert.equal(config.journal.path, space.path('var/journal.db'));
  assert.equal(sources.find('mercy', 'ehr')?.profile.name, 'backport-r4');
});

test('the default configuration holds no secret', () => {
  assert.doesNotMatch(read('config/portcullis.yaml'), /value:|whsec_/);
});

test('the production example loads once its secrets are there', async (t) => {
  const space = await workspace(t);
  await space.write('secrets/master.key', `${randomBytes(32).toString('base64')}\n`, 0o400);
  await space.write('secrets/audit.pem', signingKeyPem(), 0o400);
  await space.write('secrets/sidecar.secret', `${randomBytes(32).toString('hex')}\n`, 0o400);
  for (const name of ['core.secret', 'mercy-ehr.k1.secret', 'mercy-ehr.k2.secret']) {
    await space.write(`secrets/${name}`, webhookSecret(), 0o400);
  }
  const text = read('config/production.example.yaml').replaceAll('/run/secrets/', 'secrets/');
  const { config, sources, warnings } = await space.snapshot(text);
  assert.deepEqual(warnings, []);
  assert.equal(config.profile, 'production');
  assert.equal(sources.find('mercy', 'ehr')?.signature.keys.length, 2);
});

test('docs/configuration.md is what the schema says', () => {
  assert.equal(
    read('docs/configuration.md'),
    renderConfigReference(JSON.parse(read('config/schema.json'))),
    'run `node scripts/generate-config-reference.ts`',
  );
});

test('every key of the schema is described', () => {
  const missing = undescribed(
    JSON.parse(read('config/schema.json')),
    JSON.parse(read('config/schema.json')),
    '',
  );
  assert.deepEqual(missing, []);
});

interface Described {
  readonly description?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Described | boolean>>;
  readonly items?: Described;
  readonly $defs?: Readonly<Record<string, Described>>;
}

function undescribed(root: Described, schema: Described, path: string): readonly string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    if (typeof child === 'boolean') return [];
    const target = root.$defs?.[child.$ref?.replace('#/$defs/', '') ?? ''];
    const text = child.description ?? target?.description;
    return [...(text === undefined ? [`${path}.${key}`] : []), ...undescribed(root, child, `${path}.${key}`)];
  });
  const items = schema.items === undefined ? [] : undescribed(root, schema.items, `${path}[]`);
  const definitions = Object.entries(schema.$defs ?? {});
  return [...own, ...items, ...definitions.flatMap(([name, child]) => undescribed(root, child, name))];
}
