import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createWebhookSigner } from '../../../src/forwarding/webhook-signer.ts';
import { journalUnavailable } from '../../../src/kernel/errors.ts';
import { type Answer, accept, answerWith, type CoreServer, startCoreServer } from './support/core-server.ts';
import { makeDeliveries, makeDelivery } from './support/deliveries.ts';
import { makeHarness, SIGNING_KEY } from './support/harness.ts';
import { until } from './support/until.ts';

async function coreFor(t: TestContext, answer: Answer = accept): Promise<CoreServer> {
  const core = await startCoreServer(answer);
  t.after(() => core.close());
  return core;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a backlog is delivered, each event once, within the bounds of slots, count and bytes', async (t) => {
  const core = await coreFor(t, (_post, response) => {
    setTimeout(() => response.writeHead(204).end(), 1);
  });
  const { forwarder, deliveries } = makeHarness(t, {
    url: core.url,
    settings: { concurrency: 4, prefetchBytes: 5_000 },
  });
  deliveries.add(...makeDeliveries(500, () => ({ body: Buffer.alloc(1_000, 0x61) })));
  forwarder.start();
  await until('all are delivered', () => deliveries.count('delivered') === 500);
  assert.equal(core.received.length, 500);
  assert.equal(new Set(core.received.map((post) => post.headers['ce-id'])).size, 500);
  assert.ok(core.load.most <= 4, `${core.load.most} at a time`);
  assert.ok(core.load.most > 1, 'slots are used in parallel');
  assert.ok(core.connections.count <= 4, `${core.connections.count} connections`);
  for (const limits of deliveries.claimLimits) {
    assert.ok(limits.count <= 16 && limits.bytes <= 5_000);
  }
  assert.ok(deliveries.claimLimits.length < 500, 'claims are batched');
  assert.equal(deliveries.claimed, 0);
});

test('bodies held are bounded by bytes even while the core platform answers nothing', async (t) => {
  const held: (() => void)[] = [];
  const core = await coreFor(t, (_post, response) => held.push(() => response.writeHead(204).end()));
  const { forwarder, deliveries } = makeHarness(t, {
    url: core.url,
    settings: { concurrency: 2, prefetchBytes: 3_000 },
  });
  deliveries.add(...makeDeliveries(50, () => ({ body: Buffer.alloc(1_000) })));
  forwarder.start();
  await until(
    'slots and prefetch are full',
    () => forwarder.state().sending === 2 && forwarder.state().prefetched >= 3,
  );
  assert.ok(deliveries.mostClaimedBytes <= 3_000 + 1_000 + 2 * 1_000, `${deliveries.mostClaimedBytes} bytes`);
  const release = setInterval(() => {
    for (const answer of held.splice(0)) answer();
  }, 1);
  t.after(() => clearInterval(release));
  await until('all are delivered', () => deliveries.count('delivered') === 50);
  assert.ok(deliveries.mostClaimedBytes <= 3_000 + 1_000 + 2 * 1_000, `${deliveries.mostClaimedBytes} bytes`);
});

const ANSWERS = [
  { status: 200, kind: 'delivered' },
  { status: 202, kind: 'delivered' },
  { status: 204, kind: 'delivered' },
  { status: 301, kind: 'retry', reason: 'redirect-refused' },
  { status: 307, kind: 'retry', reason: 'redirect-refused' },
  { status: 400, kind: 'dead', reason: 'status-400' },
  { status: 401, kind: 'dead', reason: 'status-401' },
  { status: 404, kind: 'dead', reason: 'status-404' },
  { status: 408, kind: 'retry', reason: 'status-408' },
  { status: 409, kind: 'dead', reason: 'status-409' },
  { status: 410, kind: 'dead', reason: 'status-410' },
  { status: 413, kind: 'dead', reason: 'status-413' },
  { status: 425, kind: 'retry', reason: 'status-425' },
  { status: 429, kind: 'retry', reason: 'status-429' },
  { status: 500, kind: 'retry', reason: 'status-500' },
  { status: 502, kind: 'retry', reason: 'status-502' },
  { status: 503, kind: 'retry', reason: 'status-503' },
  { status: 599, kind: 'retry', reason: 'status-599' },
] as const;

for (const expected of ANSWERS) {
  test(`an answer of ${expected.status} means ${expected.kind}`, async (t) => {
    const core = await coreFor(t, answerWith(expected.status, { location: 'http://127.0.0.1:9/elsewhere' }));
    const { forwarder, deliveries } = makeHarness(t, {
      url: core.url,
      settings: { retry: { firstDelayMs: 3_600_000, maxDelayMs: 3_600_000, maxAttempts: 20 } },
    });
    deliveries.add(makeDelivery());
    forwarder.start();
    await until('it is settled', () => deliveries.settlements.length === 1);
    const [settlement] = deliveries.settlements;
    assert.equal(settlement?.kind, expected.kind);
    assert.equal(settlement?.status, expected.status);
    if ('reason' in expected)
      assert.equal(settlement !== undefined && 'reason' in settlement && settlement.reason, expected.reason);
    if (settlement?.kind === 'retry') assert.equal(settlement.spendsBudget, true);
    assert.equal(core.received.length, 1);
  });
}

test('Retry-After is a floor under the back-off', async (t) => {
  const core = await coreFor(t, answerWith(503, { 'retry-after': '120' }));
  const { forwarder, deliveries } = makeHarness(t, { url: core.url });
  deliveries.add(makeDelivery());
  const before = Date.now();
  forwarder.start();
  await until('it is settled', () => deliveries.settlements.length === 1);
  const [settlement] = deliveries.settlements;
  assert.ok(settlement?.kind === 'retry');
  assert.ok(settlement.dueAt >= before + 120_000);
  assert.ok(settlement.dueAt <= Date.now() + 120_000);
});

test('an unreachable core platform spends no budget', async (t) => {
  const { forwarder, deliveries } = makeHarness(t, {
    url: `http://127.0.0.1:${await closedPort()}/events`,
    settings: { retry: { firstDelayMs: 1, maxDelayMs: 1, maxAttempts: 3 } },
  });
  const delivery = makeDelivery();
  deliveries.add(delivery);
  forwarder.start();
  await until('it was tried often', () => deliveries.settlements.length >= 10);
  for (const settlement of deliveries.settlements) {
    assert.ok(settlement.kind === 'retry');
    assert.equal(settlement.reason, 'connect-refused');
    assert.equal(settlement.spendsBudget, false);
    assert.equal(settlement.status, undefined);
  }
});

test('a core platform that hangs or drops the connection spends budget, until the event is dead', async (t) => {
  const silent = makeDelivery({ foci: ['Patient/silent'] });
  const dropped = makeDelivery({ foci: ['Patient/dropped'] });
  const core = await coreFor(t, (post, _response, request) => {
    if (post.headers['ce-id'] === dropped.summary.id) request.socket.destroy();
  });
  const { forwarder, deliveries } = makeHarness(t, {
    url: core.url,
    timeoutMs: 50,
    settings: { retry: { firstDelayMs: 1, maxDelayMs: 1, maxAttempts: 2 } },
  });
  deliveries.add(silent, dropped);
  forwarder.start();
  await until('both are dead', () => deliveries.count('dead') === 2);
  const reasonsOf = (id: string) =>
    deliveries.settlements
      .filter((settlement) => settlement.event === id)
      .map((settlement) => (settlement.kind === 'delivered' ? '' : settlement.reason));
  assert.deepEqual(reasonsOf(silent.summary.id), ['headers-timeout', 'attempts-exhausted:headers-timeout']);
  assert.deepEqual(reasonsOf(dropped.summary.id), ['socket-closed', 'attempts-exhausted:socket-closed']);
});

test('events of one lane arrive in order although the first of them is retried', async (t) => {
  let posts = 0;
  const core = await coreFor(t, (post, response) => {
    posts += 1;
    answerWith(posts % 3 === 0 ? 500 : 204)(post, response, response.req);
  });
  const { forwarder, deliveries } = makeHarness(t, { url: core.url });
  const all = makeDeliveries(60, (index) => ({ foci: [`Patient/${index % 3}`] }));
  deliveries.add(...all);
  forwarder.start();
  await until('all are delivered', () => deliveries.count('delivered') === 60);
  const delivered = deliveries.settlements.filter((settlement) => settlement.kind === 'delivered');
  assert.ok(deliveries.settlements.length > delivered.length, 'some were retried');
  for (const lane of [0, 1, 2]) {
    const expected = all.filter((_, index) => index % 3 === lane).map((delivery) => delivery.summary.id);
    const members = new Set<string>(expected);
    const actual = delivered.map((settlement) => settlement.event).filter((id) => members.has(id));
    assert.deepEqual(actual, expected);
  }
});

test('a journal that cannot record an outcome is asked again, and the event is not sent twice', async (t) => {
  const core = await coreFor(t);
  const { forwarder, deliveries, log } = makeHarness(t, { url: core.url });
  let failures = 0;
  deliveries.failSettle = () => {
    failures += 1;
    return failures <= 3 ? journalUnavailable('journal-failed', 1) : undefined;
  };
  deliveries.add(makeDelivery());
  forwarder.start();
  await until('the outcome is recorded', () => deliveries.count('delivered') === 1);
  assert.equal(core.received.length, 1);
  assert.equal(failures, 4);
  assert.deepEqual(log.errors(), [{ code: 'journal-failed', attempt: 1 }]);
  assert.equal(forwarder.state().journalFailing, false);
});

test('sending pauses when too many outcomes wait for the journal, and goes on afterwards', async (t) => {
  const core = await coreFor(t);
  const { forwarder, deliveries } = makeHarness(t, { url: core.url, settings: { concurrency: 1 } });
  deliveries.failSettle = () => journalUnavailable('journal-failed', 1);
  deliveries.add(...makeDeliveries(100));
  forwarder.start();
  await until('as many wait as may', () => forwarder.state().settling >= 16);
  assert.equal(forwarder.state().journalFailing, true);
  deliveries.failSettle = undefined;
  await until('all are delivered', () => deliveries.count('delivered') === 100);
  assert.equal(core.received.length, 100);
});

test('a failing claim is retried and logged once', async (t) => {
  const core = await coreFor(t);
  const { forwarder, deliveries, log } = makeHarness(t, { url: core.url });
  deliveries.failClaim = () => journalUnavailable('journal-failed', 1);
  deliveries.add(makeDelivery());
  forwarder.start();
  await until('it was asked again', () => deliveries.claimLimits.length >= 3);
  assert.equal(forwarder.state().journalFailing, true);
  deliveries.failClaim = undefined;
  await until('it is delivered', () => deliveries.count('delivered') === 1);
  assert.deepEqual(log.errors(), [{ code: 'journal-failed' }]);
});

test('an event that cannot be sent for a defect of ours stops nothing and is dead-lettered', async (t) => {
  const core = await coreFor(t);
  const poison = makeDelivery();
  const signer = createWebhookSigner([SIGNING_KEY]);
  const { forwarder, deliveries, breaker } = makeHarness(t, {
    url: core.url,
    settings: { retry: { firstDelayMs: 1, maxDelayMs: 1, maxAttempts: 3 } },
    breaker: { volumeThreshold: 1, faultPercent: 1 },
    deps: {
      signer: {
        sign(id, timestamp, body) {
          if (id === poison.summary.id) throw new TypeError('defect');
          return signer.sign(id, timestamp, body);
        },
      },
    },
  });
  deliveries.add(poison, ...makeDeliveries(20));
  forwarder.start();
  await until('all are settled', () => deliveries.count('pending') === 0);
  assert.equal(deliveries.count('delivered'), 20);
  const last = deliveries.settlements.filter((settlement) => settlement.event === poison.summary.id).at(-1);
  assert.ok(last?.kind === 'dead');
  assert.equal(last.reason, 'attempts-exhausted:unexpected');
  assert.equal(breaker.state().kind, 'closed');
});

test('a header that HTTP cannot carry spends the budget and says nothing against the core platform', async (t) => {
  const core = await coreFor(t);
  const { forwarder, deliveries, breaker } = makeHarness(t, {
    url: core.url,
    settings: { retry: { firstDelayMs: 1, maxDelayMs: 1, maxAttempts: 2 } },
    breaker: { volumeThreshold: 1, faultPercent: 1 },
  });
  deliveries.add(makeDelivery({ summary: { contentType: 'a/b\r\nx: y' } }));
  forwarder.start();
  await until('it is dead', () => deliveries.count('dead') === 1);
  const last = deliveries.settlements.at(-1);
  assert.ok(last?.kind === 'dead');
  assert.equal(last.reason, 'attempts-exhausted:invalid-request');
  assert.equal(breaker.state().kind, 'closed');
  assert.equal(core.received.length, 0);
});

test('a failing observer loses nothing', async (t) => {
  const core = await coreFor(t);
  const { forwarder, deliveries } = makeHarness(t, {
    url: core.url,
    deps: {
      observer: {
        attempted() {
          throw new Error('defect');
        },
        breakerChanged() {},
      },
    },
  });
  deliveries.add(...makeDeliveries(50));
  forwarder.start();
  await until('all are delivered', () => deliveries.count('delivered') === 50);
});

test('an event accepted while idle is delivered upon wake', async (t) => {
  const core = await coreFor(t);
  const { forwarder, deliveries } = makeHarness(t, { url: core.url });
  forwarder.start();
  await until('the first claim found nothing', () => deliveries.claimLimits.length === 1);
  deliveries.add(makeDelivery());
  forwarder.wake();
  await until('it is delivered', () => deliveries.count('delivered') === 1);
});

test('logs name the outcome and never quote the event', async (t) => {
  const core = await coreFor(t, answerWith(410));
  const { forwarder, deliveries, log } = makeHarness(t, { url: core.url });
  deliveries.add(makeDelivery({ foci: ['Patient/secret-name'], body: Buffer.from('{"secret-body":1}') }));
  forwarder.start();
  await until('it is dead', () => deliveries.count('dead') === 1);
  const line = log.lines.find(({ message }) => message === 'delivery');
  assert.equal(line?.level, 'warn');
  assert.equal(line?.fields.reason, 'status-410');
  assert.doesNotMatch(JSON.stringify(log.lines), /secret/);
});
