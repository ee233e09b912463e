import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Answer, accept, answerWith, type CoreServer, startCoreServer } from './support/core-server.ts';
import { makeDeliveries, makeDelivery } from './support/deliveries.ts';
import { makeHarness } from './support/harness.ts';
import { until } from './support/until.ts';

async function coreFor(t: TestContext, answer: Answer): Promise<CoreServer> {
  const core = await startCoreServer(answer);
  t.after(() => core.close());
  return core;
}

const QUICK = { volumeThreshold: 4, faultPercent: 50, windowMs: 60_000, openMs: 60 };

test('after the threshold nothing is attempted, claims are given back, and one delivery probes', async (t) => {
  const core = await coreFor(t, answerWith(503));
  const { forwarder, deliveries, breaker } = makeHarness(t, { url: core.url, breaker: QUICK });
  const all = makeDeliveries(40);
  deliveries.add(...all);
  const postsAt: { readonly kind: string; readonly posts: number }[] = [];
  breaker.onChange((state) => postsAt.push({ kind: state.kind, posts: core.received.length }));
  forwarder.start();
  await until('three probes failed', () => postsAt.filter(({ kind }) => kind === 'open').length >= 4);
  const whileOpen = postsAt.filter(({ kind }) => kind === 'half-open');
  const probes = whileOpen.map(({ posts }, index) => (whileOpen[index + 1]?.posts ?? posts + 1) - posts);
  assert.deepEqual(new Set(probes), new Set([1]), 'each half-open period sees exactly one request');
  assert.ok(deliveries.released.length > 0, 'what was claimed ahead is given back');

  const spent = all.reduce((sum, delivery) => sum + deliveries.spent(delivery.summary.id), 0);
  const spending = deliveries.settlements.filter(
    (settlement) => settlement.kind === 'retry' && settlement.spendsBudget,
  );
  assert.equal(spent, spending.length);
  assert.ok(spent <= 4 + 4, `only what was under way when it opened spent: ${spent}`);

  core.answer = accept;
  await until('all are delivered', () => deliveries.count('delivered') === 40);
  assert.equal(breaker.state().kind, 'closed');
  assert.equal(deliveries.count('dead'), 0);
});

test('a long outage answered with 503 dead-letters nothing', async (t) => {
  const core = await coreFor(t, answerWith(503));
  const { forwarder, deliveries, breaker } = makeHarness(t, {
    url: core.url,
    breaker: { ...QUICK, openMs: 2 },
    settings: { retry: { firstDelayMs: 1, maxDelayMs: 2, maxAttempts: 3 } },
  });
  deliveries.add(...makeDeliveries(6));
  let opened = 0;
  breaker.onChange((state) => {
    if (state.kind === 'open') opened += 1;
  });
  forwarder.start();
  await until('it opened far more often than the budget allows attempts', () => opened >= 40);
  assert.equal(deliveries.count('dead'), 0);
  core.answer = accept;
  await until('all are delivered', () => deliveries.count('delivered') === 6);
});

test('an event that always fails does not keep the breaker open: the freshest event probes', async (t) => {
  const poison = makeDelivery({ attempt: 5 });
  const good = makeDelivery();
  let broken = true;
  const core = await coreFor(t, (post, response, request) => {
    const fails = broken || post.headers['ce-id'] === poison.summary.id;
    answerWith(fails ? 500 : 204)(post, response, request);
  });
  const { forwarder, deliveries, breaker } = makeHarness(t, {
    url: core.url,
    breaker: { volumeThreshold: 1, faultPercent: 0, windowMs: 60_000, openMs: 20 },
    settings: { retry: { firstDelayMs: 0, maxDelayMs: 0, maxAttempts: 1_000_000 } },
  });
  deliveries.add(poison);
  forwarder.start();
  await until('the breaker opened', () => breaker.state().kind === 'open');
  broken = false;
  deliveries.add(good);
  const postsBefore = core.received.length;
  await until('the good one is delivered', () => deliveries.count('delivered') === 1);
  const probes = core.received.slice(postsBefore).map((post) => post.headers['ce-id']);
  assert.equal(
    probes.find((id) => id === good.summary.id),
    good.summary.id,
  );
  assert.ok(probes.indexOf(good.summary.id) <= 1, 'it went first, but for a probe that was under way');
});

test('answers that concern one event alone do not open the breaker', async (t) => {
  const core = await coreFor(t, answerWith(404));
  const { forwarder, deliveries, breaker } = makeHarness(t, { url: core.url, breaker: QUICK });
  deliveries.add(...makeDeliveries(30));
  forwarder.start();
  await until('all are dead', () => deliveries.count('dead') === 30);
  assert.equal(breaker.state().kind, 'closed');
  assert.equal(core.received.length, 30);
});

test('the observer and the log are told of the breaker', async (t) => {
  const core = await coreFor(t, answerWith(500));
  const seen: string[] = [];
  const { forwarder, deliveries, log } = makeHarness(t, {
    url: core.url,
    breaker: QUICK,
    deps: {
      observer: {
        attempted: (settlement, event) => seen.push(`${settlement.kind} ${event.source}`),
        breakerChanged: (state) => seen.push(state.kind),
      },
    },
  });
  deliveries.add(...makeDeliveries(10));
  forwarder.start();
  await until('the breaker half-opened', () => seen.includes('half-open'));
  assert.ok(seen.includes('retry ehr'));
  assert.equal(
    seen.find((entry) => entry !== 'retry ehr'),
    'open',
  );
  assert.ok(log.lines.some((line) => line.fields.breaker === 'open'));
});
