import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { journalUnavailable } from '../../../src/kernel/errors.ts';
import { type Answer, type CoreServer, startCoreServer } from './support/core-server.ts';
import { makeDeliveries, makeDelivery } from './support/deliveries.ts';
import { makeHarness } from './support/harness.ts';
import { until } from './support/until.ts';

async function coreFor(t: TestContext, answer: Answer): Promise<CoreServer> {
  const core = await startCoreServer(answer);
  t.after(() => core.close());
  return core;
}

test('stop waits for what is under way and starts nothing more', async (t) => {
  const held: (() => void)[] = [];
  const core = await coreFor(t, (_post, response) => held.push(() => response.writeHead(204).end()));
  const { forwarder, deliveries } = makeHarness(t, { url: core.url, settings: { concurrency: 2 } });
  deliveries.add(...makeDeliveries(20));
  forwarder.start();
  await until('two are under way', () => held.length === 2);
  const stopped = forwarder.stop(60_000);
  assert.equal(forwarder.state().phase, 'stopping');
  for (const answer of held) answer();
  await stopped;
  assert.equal(forwarder.state().phase, 'stopped');
  assert.equal(core.received.length, 2);
  assert.equal(deliveries.count('delivered'), 2);
  assert.equal(deliveries.count('pending'), 18);
  assert.equal(deliveries.claimed, 0, 'every claim is given back');
});

test('after the grace period requests are broken off and their events given back unspent', async (t) => {
  const core = await coreFor(t, () => {});
  const { forwarder, deliveries } = makeHarness(t, { url: core.url, settings: { concurrency: 2 } });
  const all = makeDeliveries(5);
  deliveries.add(...all);
  forwarder.start();
  await until('two are under way', () => core.received.length === 2);
  await forwarder.stop(10);
  assert.deepEqual(deliveries.settlements, []);
  assert.equal(deliveries.claimed, 0);
  assert.equal(deliveries.released.length >= 2, true);
  await until('the connections are gone', () => core.load.now === 0);
});

test('stop does not wait beyond its grace for a journal that cannot commit', async (t) => {
  const core = await coreFor(t, (_post, response) => {
    response.writeHead(204).end();
  });
  const { forwarder, deliveries } = makeHarness(t, { url: core.url });
  deliveries.failSettle = () => journalUnavailable('journal-failed', 1);
  deliveries.add(makeDelivery());
  forwarder.start();
  await until('an outcome waits', () => forwarder.state().settling === 1);
  await forwarder.stop(10);
  assert.equal(forwarder.state().settling, 0);
  assert.equal(deliveries.count('pending'), 1, 'it will be delivered again under the same id');
});

test('stop twice is one stop, and a stopped forwarder claims nothing', async (t) => {
  const core = await coreFor(t, (_post, response) => {
    response.writeHead(204).end();
  });
  const { forwarder, deliveries } = makeHarness(t, { url: core.url });
  forwarder.start();
  await until('the first claim is done', () => deliveries.claimLimits.length === 1);
  const first = forwarder.stop(1_000);
  assert.equal(forwarder.stop(0), first);
  await first;
  deliveries.add(makeDelivery());
  forwarder.wake();
  forwarder.start();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(deliveries.claimLimits.length, 1);
  assert.equal(forwarder.state().phase, 'stopped');
});

test('a forwarder that never started stops at once', async (t) => {
  const { forwarder } = makeHarness(t, { url: 'http://127.0.0.1:9/' });
  await forwarder.stop(60_000);
  assert.equal(forwarder.state().phase, 'stopped');
});
