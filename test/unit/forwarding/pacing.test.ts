import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Forwarder } from '../../../src/forwarding/forwarder.ts';
import type { DeliveryPort } from '../../../src/forwarding/ports.ts';
import { createWebhookSigner } from '../../../src/forwarding/webhook-signer.ts';
import { silentLog } from '../../../src/kernel/log.ts';
import { createCircuitBreaker } from '../../../src/resilience/circuit-breaker.ts';

/** Turns of the event loop that timers, here under the test's control, have no part in. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function makeIdle(t: TestContext, nextDueAt: () => number | undefined) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now };
  let claims = 0;
  const deliveries: DeliveryPort = {
    async claim() {
      claims += 1;
      return { deliveries: [], nextDueAt: nextDueAt() };
    },
    async settle() {},
    async release() {},
  };
  const breaker = createCircuitBreaker({
    clock,
    isFault: () => true,
    volumeThreshold: 1,
    faultPercent: 50,
    windowMs: 1_000,
    openMs: 1_000,
  });
  const forwarder = new Forwarder({
    deliveries,
    core: { post: async () => ({ status: 204, retryAfter: undefined }), abort() {} },
    breaker,
    signer: createWebhookSigner([Buffer.alloc(32, 1)]),
    clock,
    random: () => 0.5,
    log: silentLog,
    settings: {
      concurrency: 4,
      retry: { firstDelayMs: 1, maxDelayMs: 1, maxAttempts: 1 },
      prefetchBytes: 1_000,
    },
  });
  t.after(async () => {
    await forwarder.stop(0);
    breaker.close();
  });
  const advance = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 1) {
      time.now += 1;
      t.mock.timers.tick(1);
      if (passed % 50 === 0 || milliseconds < 50) await turns(3);
    }
    await turns(3);
  };
  return { forwarder, advance, claims: () => claims };
}

test('an idle forwarder claims about once a second', async (t) => {
  const { forwarder, advance, claims } = makeIdle(t, () => undefined);
  forwarder.start();
  await turns(50);
  assert.equal(claims(), 1);
  await advance(900);
  assert.equal(claims(), 1);
  await advance(200);
  assert.equal(claims(), 2);
});

test('a thousand wakes in one turn cost one claim', async (t) => {
  const { forwarder, advance, claims } = makeIdle(t, () => undefined);
  forwarder.start();
  await turns(3);
  await advance(5);
  assert.equal(claims(), 1);
  for (let i = 0; i < 1_000; i += 1) forwarder.wake();
  await turns(3);
  assert.equal(claims(), 2);
});

test('wakes right after a claim that drained the backlog are gathered', async (t) => {
  const { forwarder, advance, claims } = makeIdle(t, () => undefined);
  forwarder.start();
  await turns(3);
  for (let i = 0; i < 10; i += 1) {
    forwarder.wake();
    await turns(1);
  }
  assert.equal(claims(), 1);
  await advance(2);
  assert.equal(claims(), 2);
});

test('the next claim is made when the next delivery falls due', async (t) => {
  const { forwarder, advance, claims } = makeIdle(t, () => 1_000_000 + 400);
  forwarder.start();
  await advance(350);
  assert.equal(claims(), 1);
  await advance(60);
  assert.equal(claims(), 2);
});

test('an overdue delivery that is not handed out does not make it spin', async (t) => {
  const { forwarder, advance, claims } = makeIdle(t, () => 5);
  forwarder.start();
  await advance(900);
  assert.equal(claims(), 1);
});
