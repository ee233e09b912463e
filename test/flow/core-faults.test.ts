import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stablePort } from '../support/free-port.ts';
import { GatewayHome } from '../support/gateway-home.ts';
import { RecordingCore } from '../support/recording-core.ts';
import { until } from '../support/until.ts';
import { type Accepted, SignedSource } from './support/signed-source.ts';
import { type Stage, startStage } from './support/stage.ts';

/** A breaker that a few failing events do not open. */
const TOLERANT = { volumeThreshold: 1_000, openMs: 200 };

/** Events in a state, as the CLI lists them; waits until there are so many. */
function inState(home: GatewayHome, state: string, count: number) {
  return until(
    `${count} events ${state}`,
    async () => {
      const events = await home.json(['events', 'list', '--org', 'mercy', '--state', state]);
      return events.length === count && events;
    },
    { deadlineMs: 60_000 },
  );
}

async function assertDeliveredAsSent(core: RecordingCore, events: readonly Accepted[]): Promise<void> {
  for (const { eventId, body } of events) {
    const delivery = await core.delivery(eventId);
    assert.ok(delivery.body.equals(body));
    assert.deepEqual(delivery.faults, []);
  }
}

test('core down: events are accepted and kept, the breaker opens, and all is delivered once it is back', async (t) => {
  const source = new SignedSource();
  const home = await GatewayHome.make(t);
  const port = await stablePort();
  await home.configure({
    coreUrl: `http://127.0.0.1:${port}/events`,
    organizations: source.organizations,
    core: {
      breaker: { volumeThreshold: 5, openMs: 200 },
      retry: { firstDelayMs: 20, maxDelayMs: 200, maxAttempts: 3 },
    },
  });
  const gateway = await home.start();
  const events = await source.accepted(gateway, 30);
  await until('an open breaker', async () => {
    const { status, warnings } = await gateway.health();
    assert.equal(status, 200, 'a core platform that is down does not make the gateway unready');
    return warnings.includes('core-breaker-open');
  });
  // Ten times as long as the retry budget would last if an outage spent it.
  await until('several probes', async () => {
    const refused = 'portcullis_forward_attempts_total{kind="retry",reason="connect-refused"}';
    return ((await gateway.metric(refused)) ?? 0) >= 12;
  });
  const core = await RecordingCore.start(home.coreSecret, port);
  home.defer(() => core.close());
  await assertDeliveredAsSent(core, events);
  const delivered = await inState(home, 'delivered', events.length);
  assert.ok(delivered.every(({ reason }) => reason === undefined));
  await until('a closed breaker', async () => (await gateway.health()).warnings.length === 0);
});

test('core answers 500, then takes the event: the same id and bytes again, attempts counted', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations, core: { breaker: TOLERANT } });
  stage.core.replies = (_delivery, index) => ({ status: index < 3 ? 500 : 204 });
  const [event] = await source.accepted(stage.gateway, 1);
  const last = await stage.core.delivery(event?.eventId ?? '', 4);
  assert.equal(last.headers['ce-attempt'], '4');
  const all = stage.core.of(event?.eventId ?? '');
  assert.equal(new Set(all.map(({ headers }) => headers['ce-auditseq'])).size, 1);
  assert.ok(all.every(({ body, faults }) => body.equals(event?.body ?? body) && faults.length === 0));
  await inState(stage.home, 'delivered', 1);
});

test('while the first event of a lane is retried, later ones of the same resource wait, others go on', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations, core: { breaker: TOLERANT } });
  let stuck = true;
  stage.core.replies = ({ headers }) => ({
    status: stuck && headers['ce-subject'] === 'Observation/stuck' ? 503 : 204,
  });
  const lane = await source.accepted(stage.gateway, 5, 'stuck');
  const others = await source.accepted(stage.gateway, 10);
  await assertDeliveredAsSent(stage.core, others);
  const [first, ...waiting] = lane;
  await stage.core.delivery(first?.eventId ?? '', 3);
  for (const { eventId } of waiting) assert.equal(stage.core.of(eventId).length, 0, 'it waits in its lane');
  stuck = false;
  await assertDeliveredAsSent(stage.core, lane);
  const order = stage.core.deliveries
    .map(({ headers }) => headers['ce-id'])
    .filter((id, at, ids) => ids.indexOf(id) === at && lane.some(({ eventId }) => eventId === id));
  assert.deepEqual(
    order,
    lane.map(({ eventId }) => eventId),
  );
});

test('429 with Retry-After: the event comes again no sooner than that', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations, core: { breaker: TOLERANT } });
  stage.core.replies = (_delivery, index) =>
    index === 0 ? { status: 429, headers: { 'retry-after': '2' } } : { status: 204 };
  const [event] = await source.accepted(stage.gateway, 1);
  const again = await stage.core.delivery(event?.eventId ?? '', 2);
  const first = await stage.core.delivery(event?.eventId ?? '', 1);
  assert.ok(again.at - first.at >= 1_990, `came again after ${again.at - first.at} ms`);
});

test('a core that does not answer in time is tried again', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, {
    organizations: source.organizations,
    core: { breaker: TOLERANT, timeoutMs: 300 },
  });
  stage.core.replies = (_delivery, index) => (index < 2 ? undefined : { status: 204 });
  const [event] = await source.accepted(stage.gateway, 1);
  assert.equal((await stage.core.delivery(event?.eventId ?? '', 3)).headers['ce-attempt'], '3');
  await inState(stage.home, 'delivered', 1);
  assert.ok(
    ((await stage.gateway.metric(
      'portcullis_forward_attempts_total{kind="retry",reason="headers-timeout"}',
    )) ?? 0) >= 2,
  );
});

async function deadLettered(stage: Stage, source: SignedSource): Promise<Accepted[]> {
  stage.core.replies = ({ headers }) => {
    const { 'ce-subject': subject } = headers;
    if (subject === 'Observation/gone') return { status: 410 };
    if (subject === 'Observation/bad') return { status: 422 };
    return { status: subject === 'Observation/sick' ? 500 : 204 };
  };
  const events = [];
  for (const focus of ['gone', 'bad', 'sick', 'fine'])
    events.push(...(await source.accepted(stage.gateway, 1, focus)));
  return events;
}

test('dead letters say why, and are replayed byte for byte: one by id, many by filter, counted first', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, {
    organizations: source.organizations,
    core: { breaker: TOLERANT, retry: { firstDelayMs: 10, maxDelayMs: 50, maxAttempts: 3 } },
  });
  const { home, core } = stage;
  const events = await deadLettered(stage, source);
  const [gone, bad, sick, fine] = events.map(({ eventId }) => eventId);
  const dead = await inState(home, 'dead', 3);
  const reasons = new Map(dead.map(({ id, reason }) => [id, reason]));
  assert.equal(reasons.get(gone), 'status-410');
  assert.equal(reasons.get(bad), 'status-422');
  assert.equal(reasons.get(sick), 'attempts-exhausted:status-500');
  assert.deepEqual(
    [core.of(gone ?? '').length, core.of(bad ?? '').length, core.of(sick ?? '').length],
    [1, 1, 3],
  );

  core.replies = () => ({ status: 204 });
  const before = core.deliveries.length;
  const filter = ['events', 'replay', '--org', 'mercy', '--state', 'dead'];
  assert.deepEqual(await home.json([...filter, '--dry-run']), [{ dryRun: true, taken: 3, pending: 0 }]);
  await inState(home, 'dead', 3);
  assert.equal(core.deliveries.length, before, 'a dry run delivers nothing');

  const one = ['events', 'replay', gone ?? '', '--org', 'mercy'];
  assert.deepEqual(await home.json(one), [{ dryRun: false, taken: 1, pending: 0 }]);
  await core.delivery(gone ?? '', 2);
  await inState(home, 'dead', 2);
  assert.deepEqual(await home.json(filter), [{ dryRun: false, taken: 2, pending: 0 }]);
  await inState(home, 'delivered', 4);
  for (const { eventId, body } of events.filter((event) => event.eventId !== fine)) {
    const replay = core.of(eventId).at(-1) ?? assert.fail();
    assert.equal(replay.headers['ce-replay'], 'true');
    assert.equal(replay.headers['ce-attempt'], '1');
    assert.ok(replay.body.equals(body), 'byte for byte');
    assert.deepEqual(replay.faults, []);
  }
  assert.equal(core.of(fine ?? '').length, 1, 'what was delivered is left alone');
});
