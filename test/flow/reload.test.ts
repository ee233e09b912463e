import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { startCorePlatform } from '../../sandbox/core-platform/core-platform.ts';
import { type Signer, standardWebhooksSigner } from '../../sandbox/ehr/signing.ts';
import { recordTexts } from '../support/audit-chain.ts';
import { EhrLoad, type LoadSource } from '../support/ehr-load.ts';
import { newWebhookSecret } from '../support/gateway-config.ts';
import { GatewayHome } from '../support/gateway-home.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { readChain } from '../support/journal-file.ts';
import { until, within } from '../support/until.ts';
import { SignedSource } from './support/signed-source.ts';
import { post, receipt, startStage } from './support/stage.ts';

const LANES = 8;

/** SIGHUP. Resolves when the gateway has said what came of it. */
async function reload(gateway: GatewayProcess, message = 'configuration reloaded'): Promise<void> {
  const count = () => gateway.log.filter((line) => line.includes(`"msg":"${message}"`)).length;
  const before = count();
  gateway.signal('SIGHUP');
  await until(message, () => count() > before);
}

function reloads(home: GatewayHome) {
  return recordTexts(readChain(home.journal, '_gateway')).filter(({ action }) => action === 'config.reload');
}

function windowed(secrets: Readonly<Record<string, string>>) {
  return Object.entries(secrets).map(([id, value]) => ({ id, value }));
}

test('a secret is rotated under load without one refused request', async (t) => {
  const home = await GatewayHome.make(t);
  const core = await startCorePlatform({ secret: home.coreSecret });
  home.defer(() => core.close());
  const [k1, k2] = [newWebhookSecret(), newWebhookSecret()];
  const configure = (secrets: Readonly<Record<string, string>>) => {
    const signature = { scheme: 'standard-webhooks', secrets: windowed(secrets) };
    const source = { id: 'ehr', profile: 'backport-r4', signature };
    return home.configure({ coreUrl: core.url, organizations: [{ id: 'mercy', sources: [source] }] });
  };
  await configure({ k1 });
  const gateway = await home.start();
  const switchable = new SwitchableSigner(k1);
  const source: LoadSource = {
    organization: 'mercy',
    source: 'ehr',
    format: 'backport-r4',
    scheme: 'standard-webhooks',
    secret: k1,
    lanes: LANES,
  };
  const load = new EhrLoad([source], {
    url: gateway.url,
    seed: 'rotation',
    ratePerSecond: 300,
    signer: switchable,
  });
  home.defer(() => load.abandon());
  const more = async () => {
    const goal = load.acknowledged + 10 * LANES;
    await until('more acknowledgements', () => load.acknowledged >= goal);
  };

  await more();
  await configure({ k1, k2 });
  await reload(gateway);
  await more();
  switchable.use(k2);
  await more();
  await configure({ k2 });
  await reload(gateway);
  await more();
  await within('every notification answered', load.finish());

  assert.deepEqual(load.problems, [], 'no request was refused');
  const refused = await gateway.metric(
    'portcullis_inbound_requests_total{organization="",source="",outcome="unauthenticated"}',
  );
  assert.equal(refused ?? 0, 0);
  const body = Buffer.from('{}');
  const outdated = standardWebhooksSigner(k1).headers({ id: 'msg_old', body, nowMs: Date.now() });
  assert.equal(
    (await post(gateway, 'mercy/ehr', outdated, body)).status,
    401,
    'the old secret opens no more',
  );
  await gateway.stop();
  assert.deepEqual(
    reloads(home).map(({ outcome }) => outcome),
    ['success', 'success'],
  );
});

/** Signs with one secret, then with another. */
class SwitchableSigner implements Signer {
  readonly scheme = 'standard-webhooks';
  readonly signsTime = true;
  #current: Signer;

  constructor(secret: string) {
    this.#current = standardWebhooksSigner(secret);
  }

  use(secret: string): void {
    this.#current = standardWebhooksSigner(secret);
  }

  headers(message: Parameters<Signer['headers']>[0]): Record<string, string> {
    return this.#current.headers(message);
  }
}

test('a bad file leaves the running configuration in force, says why, and is audited', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const { home, gateway, core } = stage;
  home.tolerate(/./);
  await writeFile(home.configFile, '{ profile: development, htpp: {} }');
  await reload(gateway, 'configuration not reloaded');
  assert.match(gateway.stderr, /stays in force/);
  assert.match(gateway.stderr, /did you mean `http`/);
  await writeFile(home.configFile, 'a: [');
  await reload(gateway, 'configuration not reloaded');
  const organizations = [{ id: 'mercy', sources: [{ ...source.parts, profile: 'no-such-profile' }] }];
  await home.configure({ coreUrl: core.url, organizations });
  await reload(gateway, 'configuration not reloaded');
  assert.match(gateway.stderr, /no-such-profile/);

  for (const { eventId } of await source.accepted(gateway, 5)) await core.delivery(eventId);
  await home.configure({ coreUrl: core.url, organizations: source.organizations });
  await reload(gateway);
  await gateway.stop();
  assert.deepEqual(
    reloads(home).map(({ outcome, reason }) => [outcome, reason]),
    [
      ['failure', 'config-invalid'],
      ['failure', 'config-invalid'],
      ['failure', 'config-invalid'],
      ['success', undefined],
    ],
  );
});

test('organizations and sources that a reload brings are served; those it takes away are not', async (t) => {
  const source = new SignedSource();
  const other = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const { home, gateway, core } = stage;
  const lakeside = { id: 'lakeside', sources: [other.parts] };
  const send = () => {
    const { id, body } = other.next();
    const headers = other.signer.headers({ id, body, nowMs: Date.now() });
    return post(gateway, 'lakeside/ehr', headers, body);
  };
  assert.equal((await send()).status, 401);
  await home.configure({ coreUrl: core.url, organizations: [...source.organizations, lakeside] });
  await reload(gateway);
  const delivery = await core.delivery(receipt(await send()));
  assert.equal(delivery.headers['ce-organization'], 'lakeside');
  assert.equal(delivery.headers['ce-auditseq'], '1', 'its own chain');
  await home.configure({ coreUrl: core.url, organizations: [lakeside] });
  await reload(gateway);
  assert.equal((await source.send(gateway, source.next())).status, 401);
  receipt(await send());
});

test('what only a restart can change is named and keeps running', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const { home, gateway, core } = stage;
  await home.configure({
    coreUrl: 'http://127.0.0.1:9/events',
    organizations: source.organizations,
    journalPath: home.path('elsewhere.db'),
  });
  await reload(gateway);
  for (const { eventId } of await source.accepted(gateway, 3)) await core.delivery(eventId);
  await gateway.stop();
  const [record] = reloads(home);
  assert.deepEqual(record?.detail, { restartNeeded: ['journal', 'core'] });
});
