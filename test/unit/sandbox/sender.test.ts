import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { AcknowledgementLedger } from '../../../sandbox/ehr/acknowledgements.ts';
import type { SendOutcome } from '../../../sandbox/ehr/outcome.ts';
import { Random } from '../../../sandbox/ehr/random.ts';
import { retryDelay } from '../../../sandbox/ehr/retry.ts';
import { type FaultShares, NO_FAULTS, startEhr } from '../../../sandbox/ehr/run.ts';
import { EhrSender, type EhrSenderOptions } from '../../../sandbox/ehr/sender.ts';
import { medplumSigner, standardWebhooksSigner, webSubSigner } from '../../../sandbox/ehr/signing.ts';
import { createWorkload, type WireFormat } from '../../../sandbox/ehr/workload.ts';
import { accepted, type FakeAnswer, repeated, type SeenRequest, startFakeGateway } from './fake-gateway.ts';

const SECRET = 'whsec_c2FuZGJveC1zZW5kZXItdGVzdC1zZWNyZXQtMDAwMQ==';
const QUICK = { firstDelayMs: 1, maxDelayMs: 2, maxAttempts: 5 };

function workload(lane = 'lane', format: WireFormat = 'backport-r4') {
  return createWorkload({ format, seed: `sender ${lane}`, lane, now: () => Date.UTC(2026, 0, 1) });
}

async function setUp(
  context: TestContext,
  answer: (request: SeenRequest, index: number) => FakeAnswer,
  options: Partial<EhrSenderOptions> = {},
) {
  const gateway = await startFakeGateway(answer);
  const signer = standardWebhooksSigner(SECRET);
  const sender = new EhrSender({
    name: 'ehr',
    target: gateway.target,
    signer,
    connections: 8,
    retry: QUICK,
    ...options,
  });
  context.after(async () => {
    sender.close();
    await gateway.close();
  });
  return { gateway, sender };
}

test('signs so that the official Standard Webhooks library agrees', async (context) => {
  const { gateway, sender } = await setUp(context, () => accepted('e1'));
  const notification = workload().next();
  const outcome = await sender.send(notification);
  const [request] = gateway.seen;
  assert.ok(request);
  new Webhook(SECRET).verify(request.body, request.headers as Record<string, string>);
  assert.equal(request.headers['webhook-id'], notification.id);
  assert.deepEqual(request.body, notification.body);
  assert.equal(outcome.sha256, createHash('sha256').update(notification.body).digest('hex'));
  assert.deepEqual(
    [outcome.status, outcome.eventId, outcome.duplicate, outcome.attempts],
    [200, 'e1', false, 1],
  );
  assert.equal(outcome.problem, undefined);
  assert.ok(outcome.latencyMs > 0);
});

test('signs as published vectors do', () => {
  const message = (body: string, id = 'id', nowMs = 0) => ({ id, body: Buffer.from(body), nowMs });
  const standard = standardWebhooksSigner('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  assert.equal(
    standard.headers(message('{"test": 2432232314}', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330_999))[
      'webhook-signature'
    ],
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
  const digest = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const body = message('Hello, World!');
  assert.deepEqual(webSubSigner("It's a Secret to Everybody").headers(body), {
    'x-hub-signature': `sha256=${digest}`,
  });
  assert.deepEqual(medplumSigner("It's a Secret to Everybody").headers(body), { 'x-signature': digest });
});

test('tries again after faults and overload with the same id and bytes, and signs anew', async (context) => {
  let clock = 1_700_000_000_000;
  const answers: FakeAnswer[] = [
    'reset',
    { status: 503 },
    { status: 429, headers: { 'retry-after': '0' } },
    accepted('e1'),
  ];
  const { gateway, sender } = await setUp(context, (_request, index) => answers[index] ?? 'reset', {
    now: () => (clock += 1000),
  });
  const outcome = await sender.send(workload().next());
  assert.deepEqual([outcome.status, outcome.attempts, outcome.eventId], [200, 4, 'e1']);
  const distinct = (pick: (request: SeenRequest) => unknown) => new Set(gateway.seen.map(pick)).size;
  assert.equal(
    distinct(({ headers }) => headers['webhook-id']),
    1,
  );
  assert.equal(
    distinct(({ body }) => body.toString()),
    1,
  );
  assert.equal(
    distinct(({ headers }) => headers['webhook-timestamp']),
    4,
  );
  assert.equal(
    distinct(({ headers }) => headers['webhook-signature']),
    4,
  );
});

test('a retry whose first acknowledgement was lost may be answered as a duplicate', async (context) => {
  const { sender } = await setUp(context, (_request, index) => (index === 0 ? 'reset' : repeated('e1')));
  const outcome = await sender.send(workload().next());
  assert.deepEqual([outcome.duplicate, outcome.attempts, outcome.problem], [true, 2, undefined]);
});

test('does not try again after other answers', async (context) => {
  const { gateway, sender } = await setUp(context, () => ({ status: 500 }));
  const outcome = await sender.send(workload().next());
  assert.equal(gateway.seen.length, 1);
  assert.equal(outcome.problem, 'a genuine event was answered 500');
});

test('gives up after the last attempt and says so', async (context) => {
  const { gateway, sender } = await setUp(context, () => ({ status: 503 }));
  const outcome = await sender.send(workload().next());
  assert.deepEqual(
    [outcome.end, outcome.status, outcome.attempts, gateway.seen.length],
    ['exhausted', 503, 5, 5],
  );
});

test('an attempt without an answer in time counts as a fault', async (context) => {
  const { sender } = await setUp(context, (_request, index) => (index === 0 ? 'silent' : accepted('e1')), {
    timeoutMs: 50,
  });
  const outcome = await sender.send(workload().next());
  assert.deepEqual([outcome.status, outcome.attempts], [200, 2]);
});

test('Retry-After rules over the schedule, in seconds and as a date', () => {
  const context = { random: new Random('r'), nowMs: Date.UTC(2026, 0, 1) };
  const policy = { firstDelayMs: 100, maxDelayMs: 1000, maxAttempts: 9 };
  assert.equal(retryDelay(policy, 1, '7', context), 7_000);
  assert.equal(retryDelay(policy, 1, 'Thu, 01 Jan 2026 00:00:03 GMT', context), 3_000);
  assert.equal(retryDelay(policy, 1, 'Wed, 31 Dec 2025 00:00:00 GMT', context), 0);
  for (const [failed, ceiling] of [
    [1, 100],
    [3, 400],
    [9, 1000],
  ] as const) {
    const delay = retryDelay(policy, failed, failed === 9 ? 'soon' : undefined, context);
    assert.ok(delay >= ceiling / 2 && delay <= ceiling, `${delay}`);
  }
});

test('aborting ends waits and open requests at once', async (context) => {
  const controller = new AbortController();
  const retry = { firstDelayMs: 3_600_000, maxDelayMs: 3_600_000, maxAttempts: 5 };
  const { gateway, sender } = await setUp(
    context,
    (_request, index) => (index === 0 ? { status: 503 } : 'silent'),
    {
      signal: controller.signal,
      retry,
    },
  );
  const waiting = sender.send(workload().next());
  const open = sender.send(workload('other').next());
  while (gateway.seen.length < 2) await new Promise(setImmediate);
  controller.abort();
  assert.deepEqual(
    (await Promise.all([waiting, open])).map(({ end }) => end),
    ['aborted', 'aborted'],
  );
});

test('forgeries carry no valid signature of their body at this time', async (context) => {
  const { gateway, sender } = await setUp(context, () => ({ status: 401 }));
  const notification = workload().next();
  for (const intent of ['bad-signature', 'stale-timestamp', 'unsigned'] as const) {
    assert.equal((await sender.send(notification, { intent })).problem, undefined);
  }
  for (const { body, headers } of gateway.seen) {
    assert.deepEqual(body, notification.body);
    assert.throws(() => new Webhook(SECRET).verify(body, headers as Record<string, string>));
  }
  assert.equal(
    (await sender.send(notification, { intent: 'duplicate' })).problem,
    'a duplicate was answered 401',
  );
});

/** Keeps the gateway's contract for ids: known id with the same bytes is a repeat, with others a conflict. */
function contractAnswer() {
  const known = new Map<string, string>();
  return ({ headers, body, path }: SeenRequest): FakeAnswer => {
    try {
      new Webhook(SECRET).verify(body, headers as Record<string, string>);
    } catch {
      return { status: 401 };
    }
    const id = `${headers['webhook-id']}${path}`;
    const before = known.get(id);
    if (before === undefined) known.set(id, body.toString());
    if (before !== undefined && before !== body.toString()) return { status: 409 };
    return before === undefined ? accepted(`event of ${id}`) : repeated(`event of ${id}`);
  };
}

async function runWith(context: TestContext, faults: Partial<FaultShares>, total: number) {
  const { gateway, sender } = await setUp(context, contractAnswer());
  const outcomes: SendOutcome[] = [];
  const ledger = new AcknowledgementLedger();
  const run = startEhr({
    sender,
    workloads: [workload('a'), workload('b'), workload('c')],
    total,
    faults: { ...NO_FAULTS, ...faults },
    onOutcome: (outcome) => {
      outcomes.push(outcome);
      ledger.add(outcome);
    },
  });
  return { done: await run.done, outcomes, ledger, gateway };
}

const count = (outcomes: readonly SendOutcome[], intent: SendOutcome['intent']) =>
  outcomes.filter((outcome) => outcome.intent === intent).length;

test('sends every fault it is asked for, and finds nothing wrong with a gateway that keeps the contract', async (context) => {
  const { done, outcomes, ledger } = await runWith(
    context,
    { duplicate: 1, concurrentDuplicate: 1, conflict: 1, forged: 1 },
    30,
  );
  assert.deepEqual(done, { originals: 30, acknowledged: 30 });
  assert.deepEqual(
    [count(outcomes, 'original'), count(outcomes, 'duplicate'), count(outcomes, 'conflict')],
    [30, 60, 30],
  );
  assert.equal(outcomes.length, 150);
  assert.deepEqual(
    outcomes.filter(({ problem }) => problem !== undefined),
    [],
  );
  assert.equal(ledger.size, 30);
  assert.deepEqual(ledger.contradictions, []);
});

test('finds what is wrong with a gateway that takes everything as new', async (context) => {
  const { sender } = await setUp(context, (_request, index) => accepted(`e${index}`));
  const ledger = new AcknowledgementLedger();
  const problems: (string | undefined)[] = [];
  const faults = { duplicate: 1, concurrentDuplicate: 0, conflict: 1, forged: 1 };
  const onOutcome = (outcome: SendOutcome) => {
    problems.push(outcome.problem);
    if (outcome.intent === 'duplicate' || outcome.intent === 'original') ledger.add(outcome);
  };
  await startEhr({ sender, workloads: [workload()], total: 1, faults, onOutcome }).done;
  assert.match(problems[0] ?? '', /^a forged event \(.*\) was answered 200, not 401$/);
  assert.deepEqual(problems.slice(1), [
    undefined,
    'a duplicate got another event id',
    'a conflicting event was answered 200, not 409',
  ]);
  assert.equal(ledger.contradictions.length, 1);
});

test('finds events that were sent twice at once and got two ids', async (context) => {
  const { sender } = await setUp(context, (_request, index) => accepted(`e${index}`));
  const problems: (string | undefined)[] = [];
  const faults = { ...NO_FAULTS, concurrentDuplicate: 1 };
  await startEhr({
    sender,
    workloads: [workload()],
    total: 1,
    faults,
    onOutcome: ({ problem }) => problems.push(problem),
  }).done;
  assert.deepEqual(problems, [undefined, 'events sent twice at once got two event ids']);
});

test('each lane is sent in order, one at a time; the total is shared', async (context) => {
  const { outcomes, ledger } = await runWith(context, {}, 60);
  for (const lane of ['a', 'b', 'c']) {
    const own = outcomes.filter((outcome) => outcome.lane === lane).map(({ sequence }) => sequence);
    assert.deepEqual(
      own,
      own.map((_, index) => index + 1),
    );
  }
  const [first] = ledger;
  assert.ok(first && first.foci.length === 1 && first.sha256.length === 64);
});

test('stop takes up no more and finishes what was begun', async (context) => {
  const { sender } = await setUp(context, () => accepted('e'));
  let outcomes = 0;
  const run = startEhr({
    sender,
    workloads: [workload()],
    onOutcome: () => {
      outcomes += 1;
      if (outcomes === 5) run.stop();
    },
  });
  assert.deepEqual(await run.done, { originals: 5, acknowledged: 5 });
});

test('stop ends the waiting of a slow rate', async (context) => {
  const { sender } = await setUp(context, () => accepted('e'));
  const run = startEhr({
    sender,
    workloads: [workload()],
    ratePerSecond: 0.001,
    onOutcome: () => run.stop(),
  });
  assert.deepEqual(await run.done, { originals: 1, acknowledged: 1 });
});

test('rest-hooks are sent to their paths with their verbs', async (context) => {
  const { gateway, sender } = await setUp(context, () => accepted('e'), { signer: webSubSigner('secret') });
  const mix = { deletionShare: 0.2, pingShare: 0.2 };
  const hooks = createWorkload({ format: 'rest-hook-r4', seed: 'verbs', lane: 'l', now: Date.now, mix });
  const sent = Array.from({ length: 40 }, () => hooks.next());
  for (const notification of sent) await sender.send(notification);
  assert.deepEqual(
    gateway.seen.map(({ method, path }) => `${method} ${path}`),
    sent.map(({ method, path }) => `${method} /webhooks/mercy/ehr${path}`),
  );
});
