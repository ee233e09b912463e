import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { compareAcknowledged } from '../../sandbox/agreement.ts';
import { startCorePlatform } from '../../sandbox/core-platform/core-platform.ts';
import { EhrLoad, type LoadSource, organizationsOf } from '../support/ehr-load.ts';
import { stablePort } from '../support/free-port.ts';
import { newWebhookSecret } from '../support/gateway-config.ts';
import { GatewayHome } from '../support/gateway-home.ts';
import { until, within } from '../support/until.ts';
import { SignedSource } from './support/signed-source.ts';
import { startStage } from './support/stage.ts';

const CLEAN = { code: 0, signal: null };

test('SIGTERM under load: exit 0, and every 2xx that was answered is delivered after the restart', async (t) => {
  const home = await GatewayHome.make(t);
  let taken: () => void = () => {};
  const core = await startCorePlatform({ secret: home.coreSecret, onDelivery: () => taken() });
  home.defer(() => core.close());
  const sources: LoadSource[] = ['ehr', 'his'].map((source) => ({
    organization: 'mercy',
    source,
    format: 'backport-r4',
    scheme: 'standard-webhooks',
    secret: newWebhookSecret(),
    lanes: 8,
  }));
  const port = await stablePort();
  await home.configure({ port, coreUrl: core.url, organizations: organizationsOf(sources) });
  const load = new EhrLoad(sources, {
    url: `http://127.0.0.1:${port}`,
    seed: 'shutdown',
    ratePerSecond: 200,
  });
  home.defer(() => load.abandon());

  for (let round = 0; round < 3; round += 1) {
    const gateway = await home.start();
    const goal = load.acknowledged + 100;
    await until('load', () => load.acknowledged >= goal);
    assert.deepEqual(await gateway.stop(), CLEAN);
    assert.ok(gateway.log.some((line) => line.includes('"msg":"stopped"')));
  }
  const last = await home.start();
  const drained = new Promise<void>((resolve) => {
    taken = () => load.acknowledged > 0 && resolve();
  });
  await within('deliveries after the restart', drained);
  await within('every notification answered', load.finish());
  await until('an empty backlog', async () => (await last.metric('portcullis_backlog_events')) === 0);
  assert.deepEqual(await last.stop(), CLEAN);
  const { missing, altered, contradictions } = compareAcknowledged(load.ledger, core.received.log);
  assert.deepEqual({ missing, altered, contradictions }, { missing: [], altered: [], contradictions: [] });
  assert.deepEqual(core.violations.first, []);
  assert.deepEqual(load.problems, []);
});

test('SIGTERM in the moment in which the gateway says that it listens ends it in order', async (t) => {
  const home = await GatewayHome.make(t);
  await home.configure({ coreUrl: 'http://127.0.0.1:9/events', organizations: [] });
  home.tolerate(/no-sources|at {6}|remedy|0 errors, 1 warning/);
  for (let round = 0; round < 5; round += 1) {
    const gateway = await home.launch().listening();
    assert.deepEqual(await gateway.stop(), CLEAN);
  }
});

/** A request whose body is half sent. */
class HalfRequest {
  readonly #socket: Socket;
  readonly #rest: Buffer;
  readonly answer: Promise<string>;

  private constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket;
    this.#rest = rest;
    this.answer = new Promise((resolve) => {
      let text = '';
      socket.setEncoding('latin1').on('data', (part: string) => {
        text += part;
      });
      socket.on('error', () => {});
      socket.once('close', () => resolve(text));
    });
  }

  static async begin(port: number, source: SignedSource): Promise<HalfRequest> {
    const { id, body } = source.next();
    const headers = source.signer.headers({ id, body, nowMs: Date.now() });
    const lines = Object.entries({ ...headers, 'content-type': 'application/fhir+json' });
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const head = [
      'POST /webhooks/mercy/ehr HTTP/1.1',
      'host: gateway',
      `content-length: ${body.length}`,
      ...lines.map(([name, value]) => `${name}: ${value}`),
    ];
    const half = Math.floor(body.length / 2);
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body.subarray(0, half)]));
    return new HalfRequest(socket, body.subarray(half));
  }

  finish(): void {
    this.#socket.write(this.#rest);
  }
}

test('requests in flight when SIGTERM comes are answered, each on a connection that then closes', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const { gateway, home } = stage;
  const port = Number(new URL(gateway.url).port);
  const requests = await Promise.all(Array.from({ length: 10 }, () => HalfRequest.begin(port, source)));
  const idle = connect(port, '127.0.0.1');
  await once(idle, 'connect');
  const idleClosed = once(idle.resume(), 'close');
  await until('requests in flight', async () => {
    return ((await gateway.metric('portcullis_http_requests_in_flight')) ?? 0) > requests.length;
  });
  gateway.signal('SIGTERM');
  await within('the idle connection closed', idleClosed);
  for (const request of requests) request.finish();
  const answers = await Promise.all(requests.map(({ answer }) => within('an answer', answer)));
  assert.deepEqual(await within('the end', gateway.exited), CLEAN);
  const accepted: string[] = [];
  for (const answer of answers) {
    assert.match(answer, /^HTTP\/1\.1 (200|503) /);
    assert.match(answer, /^connection: close\r$/im);
    const id = /^portcullis-event-id: (\S+)\r$/im.exec(answer)?.[1];
    if (id !== undefined) accepted.push(id);
    else assert.match(answer, /^retry-after: \d+\r$/im);
  }
  await home.start();
  for (const id of accepted) assert.deepEqual((await stage.core.delivery(id)).faults, []);
});

test('a client that never finishes its request does not keep the gateway from ending in time', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, {
    organizations: source.organizations,
    http: { shutdownDeadlineMs: 1_000 },
  });
  const { gateway } = stage;
  const request = await HalfRequest.begin(Number(new URL(gateway.url).port), source);
  await until('a request in flight', async () => {
    return ((await gateway.metric('portcullis_http_requests_in_flight')) ?? 0) > 1;
  });
  assert.deepEqual(await gateway.stop(), CLEAN);
  await within('the connection cut', request.answer);
});

for (const [how, end] of [
  ['SIGTERM', 'stop'],
  ['kill -9', 'kill'],
] as const) {
  test(`after ${how} the next start takes up what waits; nothing is marked failed`, async (t) => {
    const source = new SignedSource();
    const stage = await startStage(t, {
      organizations: source.organizations,
      core: {
        breaker: { volumeThreshold: 1_000 },
        retry: { firstDelayMs: 50, maxDelayMs: 100, maxAttempts: 1_000 },
      },
    });
    const { home, core } = stage;
    core.replies = (_delivery, index) => (index % 3 === 0 ? undefined : { status: 503 });
    const events = await source.accepted(stage.gateway, 20);
    await until('attempts under way', () => core.deliveries.length >= 20);
    await stage.gateway[end]();
    const states = await home.json(['events', 'list', '--org', 'mercy']);
    assert.deepEqual(new Set(states.map(({ state }) => state)), new Set(['pending']));

    core.replies = () => ({ status: 204 });
    const before = core.deliveries.length;
    const gateway = await home.start();
    await until('an empty backlog', async () => (await gateway.metric('portcullis_backlog_events')) === 0);
    const after = core.deliveries.slice(before);
    assert.deepEqual(
      after.map(({ headers }) => headers['ce-id']).toSorted(),
      events.map(({ eventId }) => eventId).toSorted(),
      'each of them once',
    );
    assert.ok(after.every(({ faults }) => faults.length === 0));
    const ended = await home.json(['events', 'list', '--org', 'mercy']);
    assert.ok(ended.every(({ state }) => state === 'delivered'));
  });
}
