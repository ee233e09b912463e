import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createGateway } from '../../src/app.ts';
import { ConfigHolder } from '../../src/config/config-holder.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Clock, HOUR, SECOND } from '../../src/kernel/clock.ts';
import { silentLog } from '../../src/kernel/log.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { recordTexts } from '../support/audit-chain.ts';
import { GatewayHome } from '../support/gateway-home.ts';
import { type HttpAnswer, request } from '../support/http-request.ts';
import { readChain } from '../support/journal-file.ts';
import { RecordingCore } from '../support/recording-core.ts';
import { until } from '../support/until.ts';
import { SignedSource } from './support/signed-source.ts';
import { receipt } from './support/stage.ts';

/** The machine's clock, as wrong as a test makes it. */
class WrongClock implements Clock {
  offset = 0;

  now(): number {
    return Date.now() + this.offset;
  }
}

interface InProcess {
  readonly home: GatewayHome;
  readonly core: RecordingCore;
  readonly clock: WrongClock;
  readonly metrics: Metrics;
  readonly source: SignedSource;
  send(signedAt: number): Promise<HttpAnswer>;
  stop(): Promise<void>;
}

async function startInProcess(t: TestContext): Promise<InProcess> {
  const home = await GatewayHome.make(t);
  const core = await RecordingCore.start(home.coreSecret);
  home.defer(() => core.close());
  const source = new SignedSource();
  await home.configure({
    coreUrl: core.url,
    organizations: source.organizations,
    core: { breaker: { volumeThreshold: 1_000 } },
  });
  const clock = new WrongClock();
  const environment = readEnvironment();
  const context = { environment, clock };
  const loaded = await loadConfig(home.configFile, context);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const holder = new ConfigHolder(loaded.snapshot, (file) => loadConfig(file, context));
  const metrics = createMetrics();
  const gateway = await createGateway({ holder, clock, random: Math.random, log: silentLog, metrics });
  const address = await gateway.start();
  home.defer(() => gateway.stop());
  if (!('port' in address)) throw new Error('the gateway must listen on TCP');
  const url = `http://127.0.0.1:${address.port}/webhooks/mercy/ehr`;
  const send = (signedAt: number) => {
    const { id, body } = source.next();
    const headers = {
      'content-type': 'application/fhir+json',
      ...source.signer.headers({ id, body, nowMs: signedAt }),
    };
    return request(url, { method: 'POST', headers, body });
  };
  return { home, core, clock, metrics, source, send, stop: () => gateway.stop() };
}

test('signed times are judged by the clock in force, on both sides', async (t) => {
  const { clock, send, stop, home } = await startInProcess(t);
  const now = Date.now();
  receipt(await send(now));
  clock.offset = HOUR;
  assert.equal((await send(now)).status, 401, 'an hour old');
  receipt(await send(now + HOUR));
  clock.offset = -HOUR;
  assert.equal((await send(now)).status, 401, 'an hour ahead');
  receipt(await send(now - HOUR));
  clock.offset = 0;
  receipt(await send(Date.now()));
  assert.equal((await send(Date.now() - 301 * SECOND)).status, 401);
  assert.equal((await send(Date.now() + 303 * SECOND)).status, 401);
  receipt(await send(Date.now() - 297 * SECOND));
  receipt(await send(Date.now() + 297 * SECOND));
  await stop();
  const reasons = recordTexts(readChain(home.journal, 'mercy')).flatMap(({ reason }) => reason ?? []);
  assert.deepEqual(reasons, ['timestamp-stale', 'timestamp-future', 'timestamp-stale', 'timestamp-future']);
});

for (const [what, step] of [
  ['back', -HOUR],
  ['forward', HOUR],
] as const) {
  test(`retries and new events go on when the clock steps ${what} by an hour`, async (t) => {
    const { clock, core, send, metrics } = await startInProcess(t);
    core.replies = (_delivery, index) =>
      index < 3 ? { status: 503, headers: { 'retry-after': '2' } } : { status: 204 };
    const ids = [];
    for (let sent = 0; sent < 3; sent += 1) ids.push(receipt(await send(clock.now())));
    const retried = /portcullis_forward_attempts_total\{kind="retry",reason="status-503"\} 3/;
    await until('retries on record', async () => retried.test(await metrics.text()));
    clock.offset = step;
    ids.push(receipt(await send(clock.now())));
    for (const id of ids.slice(0, 3)) {
      assert.equal((await core.delivery(id, 2)).headers['ce-attempt'], '2');
    }
    await core.delivery(ids[3] ?? '');
  });
}
