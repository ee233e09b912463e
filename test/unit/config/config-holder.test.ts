import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ConfigHolder, RESTART_KEYS } from '../../../src/config/config-holder.ts';
import { type Workspace, webhookSecret, workspace, yaml } from './fixture.ts';

test('a reload puts new sources and secrets in force as one snapshot', async (t) => {
  const { space, holder } = await running(t);
  const before = holder.current;
  await space.write('keys/ehr.secret', webhookSecret());
  await space.write(
    'portcullis.yaml',
    yaml({ more: '  - { id: north, name: North }', source: 'validation: reject' }),
  );
  const result = await holder.reload();
  assert.ok(result.ok);
  assert.deepEqual(result.restartNeeded, []);
  assert.equal(result.snapshot, holder.current);
  assert.notEqual(holder.current, before);
  assert.equal(holder.current.sources.find('mercy', 'ehr')?.validation, 'reject');
  assert.equal(before.sources.find('mercy', 'ehr')?.validation, 'flag', 'the old snapshot is as it was');
  assert.deepEqual(
    holder.current.config.organizations.map(({ name }) => name),
    ['mercy', 'North'],
  );
});

test('a bad file leaves the running configuration in force and says why', async (t) => {
  const { space, holder } = await running(t);
  const before = holder.current;
  await space.write('portcullis.yaml', yaml({ source: 'validation: rejct' }));
  const result = await holder.reload();
  assert.ok(!result.ok);
  assert.match(result.problems[0]?.remedy ?? '', /did you mean `reject`/);
  assert.equal(holder.current, before);
});

test('what only a restart can change is named and stays as it runs', async (t) => {
  const { space, holder } = await running(t);
  const before = holder.current;
  await space.write('keys/other.key', randomBytes(32).toString('base64'));
  await space.write('keys/core2', webhookSecret());
  await space.write(
    'portcullis.yaml',
    yaml({
      http: '{ listen: { host: 127.0.0.1, port: 9999 }, maxBodyBytes: 2048, limits: { maxConnections: 5 }, shutdownDeadlineMs: 500 }',
      journal: '{ engine: sqlite, path: var/other.db }',
      keys: '{ master: { file: keys/other.key }, auditSigning: { file: keys/audit.pem } }',
      core: '{ url: "https://other.example", signingSecret: { file: keys/core2 } }',
      more: 'log: { level: debug }',
    }),
  );
  const result = await holder.reload();
  assert.ok(result.ok);
  assert.deepEqual(result.restartNeeded, RESTART_KEYS);
  const { config, secrets } = holder.current;
  const { listen, limits, maxBodyBytes } = before.config.http;
  assert.deepEqual(config.http, { listen, limits, maxBodyBytes, shutdownDeadlineMs: 500 });
  assert.deepEqual(config.journal, before.config.journal);
  assert.deepEqual(config.core, before.config.core);
  assert.deepEqual(secrets.masterKeys, before.secrets.masterKeys);
  assert.notDeepEqual(secrets.coreSigningKey, before.secrets.coreSigningKey, 'secrets are reloaded');
});

test('a changed key behind an unchanged reference is noticed', async (t) => {
  const { space, holder } = await running(t);
  await space.write('keys/master.key', randomBytes(32).toString('base64'));
  const result = await holder.reload();
  assert.ok(result.ok);
  assert.deepEqual(result.restartNeeded, ['keys']);
});

test('the profile cannot change: production never takes what development allows', async (t) => {
  const { space, holder } = await running(t, 'production');
  const before = holder.current;
  await space.write('portcullis.yaml', yaml({ secrets: `[{ id: k, value: ${webhookSecret()} }]` }));
  const result = await holder.reload();
  assert.ok(!result.ok);
  assert.equal(result.problems[0]?.code, 'profile-changed');
  assert.equal(holder.current, before);
});

test('reloads run one after the other, and the last file wins', async (t) => {
  const { space, holder } = await running(t);
  const results = [];
  for (const validation of ['reject', 'nonsense', 'quarantine']) {
    await space.write('portcullis.yaml', yaml({ source: `validation: ${validation}` }));
    results.push(holder.reload());
  }
  await Promise.all(results);
  assert.equal(holder.current.sources.find('mercy', 'ehr')?.validation, 'quarantine');
});

test('the schema marks the same keys as the reload names', () => {
  const schema: unknown = JSON.parse(
    readFileSync(new URL('../../../config/schema.json', import.meta.url), 'utf8'),
  );
  const marked = markedKeys(schema, '').map((key) => (key.startsWith('core.') ? 'core' : key));
  const only = new Set(marked.filter((key) => key !== 'profile' && key !== 'coordination'));
  assert.deepEqual([...only].toSorted(), RESTART_KEYS.toSorted());
});

function markedKeys(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Reflect.get(schema, 'x-effect') === 'restart' ? [path] : [];
  const properties: unknown = Reflect.get(schema, 'properties') ?? {};
  const below = Object.entries(properties as Record<string, unknown>);
  return [
    ...own,
    ...below.flatMap(([key, child]) => markedKeys(child, path === '' ? key : `${path}.${key}`)),
  ];
}

async function running(
  t: TestContext,
  profile = 'development',
): Promise<{ space: Workspace; holder: ConfigHolder }> {
  const space = await workspace(t);
  return { space, holder: new ConfigHolder(await space.snapshot(yaml({ profile })), space.loader()) };
}
