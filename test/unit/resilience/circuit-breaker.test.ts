import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  type BreakerSettings,
  type BreakerState,
  createCircuitBreaker,
  isBreakerOpen,
} from '../../../src/resilience/circuit-breaker.ts';

class Fault extends Error {}

const SETTINGS: BreakerSettings = { volumeThreshold: 4, faultPercent: 50, windowMs: 10_000, openMs: 1_000 };

function makeBreaker(t: TestContext, settings: Partial<BreakerSettings> = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const time = { now: 5_000 };
  const breaker = createCircuitBreaker({
    ...SETTINGS,
    ...settings,
    clock: { now: () => time.now },
    isFault: (error) => error instanceof Fault,
  });
  t.after(() => breaker.close());
  const changes: BreakerState[] = [];
  const unsubscribe = breaker.onChange((state) => changes.push(state));
  const advance = (milliseconds: number) => {
    time.now += milliseconds;
    t.mock.timers.tick(milliseconds);
  };
  const fail = () =>
    assert.rejects(
      breaker.run(() => Promise.reject(new Fault())),
      Fault,
    );
  const succeed = () => breaker.run(async () => 'ok');
  return { breaker, changes, unsubscribe, advance, fail, succeed };
}

/** A call whose end the test decides. */
function pendingCall() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { work: () => promise, resolve, reject };
}

test('it passes results and errors through', async (t) => {
  const { breaker } = makeBreaker(t);
  assert.deepEqual(breaker.state(), { kind: 'closed', since: 5_000 });
  assert.equal(await breaker.run(async () => 42), 42);
  const error = new TypeError('mine');
  await assert.rejects(
    breaker.run(() => Promise.reject(error)),
    error,
  );
  assert.equal(isBreakerOpen(error), false);
});

test('it opens only when enough calls were made and too many were faults', async (t) => {
  const { breaker, fail, changes } = makeBreaker(t);
  for (let i = 0; i < 3; i += 1) await fail();
  assert.equal(breaker.state().kind, 'closed');
  await fail();
  assert.deepEqual(breaker.state(), { kind: 'open', since: 5_000, probeAt: 6_000 });
  assert.deepEqual(changes, [breaker.state()]);
});

test('a minority of faults does not open it', async (t) => {
  const { breaker, fail, succeed } = makeBreaker(t);
  for (let i = 0; i < 20; i += 1) {
    await succeed();
    await succeed();
    await fail();
  }
  assert.equal(breaker.state().kind, 'closed');
});

test('errors that are not faults of the upstream never open it', async (t) => {
  const { breaker } = makeBreaker(t);
  for (let i = 0; i < 50; i += 1)
    await assert.rejects(breaker.run(() => Promise.reject(new Error('no fault'))));
  assert.equal(breaker.state().kind, 'closed');
});

test('faults are forgotten when the window has passed', async (t) => {
  const { breaker, fail, advance } = makeBreaker(t);
  for (let i = 0; i < 3; i += 1) await fail();
  advance(11_000);
  for (let i = 0; i < 3; i += 1) await fail();
  assert.equal(breaker.state().kind, 'closed');
  await fail();
  assert.equal(breaker.state().kind, 'open');
});

async function opened(t: TestContext) {
  const parts = makeBreaker(t);
  for (let i = 0; i < 4; i += 1) await parts.fail();
  return parts;
}

test('while open nothing runs', async (t) => {
  const { breaker, advance } = await opened(t);
  advance(999);
  let ran = false;
  const refused = breaker.run(async () => {
    ran = true;
  });
  await assert.rejects(refused, isBreakerOpen);
  assert.equal(ran, false);
});

test('half-open lets exactly one call through, whose success closes it', async (t) => {
  const { breaker, advance, changes } = await opened(t);
  advance(1_000);
  assert.deepEqual(breaker.state(), { kind: 'half-open', since: 6_000 });
  const probe = pendingCall();
  const first = breaker.run(probe.work);
  await assert.rejects(
    breaker.run(async () => 'second'),
    isBreakerOpen,
  );
  await assert.rejects(
    breaker.run(async () => 'third'),
    isBreakerOpen,
  );
  assert.equal(breaker.state().kind, 'half-open');
  probe.resolve('first');
  assert.equal(await first, 'first');
  assert.deepEqual(
    changes.map((state) => state.kind),
    ['open', 'half-open', 'closed'],
  );
});

test('a failed probe opens it again for the full time', async (t) => {
  const { breaker, advance, fail, succeed } = await opened(t);
  advance(1_000);
  await fail();
  assert.deepEqual(breaker.state(), { kind: 'open', since: 6_000, probeAt: 7_000 });
  advance(999);
  await assert.rejects(succeed(), isBreakerOpen);
  advance(1);
  assert.equal(await succeed(), 'ok');
  assert.equal(breaker.state().kind, 'closed');
});

test('an error of the probe that is no fault proves that the upstream answers', async (t) => {
  const { breaker, advance } = await opened(t);
  advance(1_000);
  await assert.rejects(breaker.run(() => Promise.reject(new Error('no fault'))));
  assert.equal(breaker.state().kind, 'closed');
});

test('it sets no time limit of its own', async (t) => {
  const { breaker, advance } = makeBreaker(t);
  const slow = pendingCall();
  const result = breaker.run(slow.work);
  advance(3_600_000);
  slow.resolve('late');
  assert.equal(await result, 'late');
});

test('a closed breaker runs nothing, also when a call under way still fails', async (t) => {
  const { breaker, changes, fail } = makeBreaker(t);
  for (let i = 0; i < 3; i += 1) await fail();
  const late = pendingCall();
  const result = breaker.run(late.work);
  breaker.close();
  late.reject(new Fault());
  await assert.rejects(result, Fault);
  await assert.rejects(
    breaker.run(async () => 'ran'),
    isBreakerOpen,
  );
  assert.equal(breaker.state().kind, 'open');
  assert.deepEqual(changes, []);
});

test('a listener that was taken away hears nothing', async (t) => {
  const { changes, unsubscribe, fail } = makeBreaker(t);
  unsubscribe();
  for (let i = 0; i < 4; i += 1) await fail();
  assert.deepEqual(changes, []);
});

test('settings that would make it trip at once or never recover are refused', (t) => {
  for (const settings of [
    { volumeThreshold: 0 },
    { volumeThreshold: 1.5 },
    { windowMs: 0 },
    { openMs: 0 },
    { faultPercent: 100 },
  ]) {
    assert.throws(() => makeBreaker(t, settings), RangeError);
    t.mock.timers.reset();
  }
});
