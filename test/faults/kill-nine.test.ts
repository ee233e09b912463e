import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type CorePlatform, startCorePlatform } from '../../sandbox/core-platform/core-platform.ts';
import { Random } from '../../sandbox/ehr/random.ts';
import { readResourceVersions } from '../../sandbox/ehr/resource-versions.ts';
import { EhrLoad, type LoadSource, organizationsOf } from '../support/ehr-load.ts';
import { stablePort } from '../support/free-port.ts';
import { newWebhookSecret } from '../support/gateway-config.ts';
import { GatewayHome } from '../support/gateway-home.ts';
import { until, within } from '../support/until.ts';
import { assertAudited, assertChainVerifies, assertNothingLost } from './expectations.ts';

const LONG = process.env.PORTCULLIS_FAULTS === 'long';
const CYCLES = LONG ? 1_000 : 50;
/** Notifications a second and source: fewer where many cycles would fill the disk. */
const RATE = LONG ? 60 : 150;
/** The same kills and the same load for the same seed, as far as the machine's timing allows. */
const SEED = process.env.PORTCULLIS_SEED ?? 'kill-nine';
const FAULTS = { duplicate: 0.04, concurrentDuplicate: 0.03, conflict: 0, forged: 0 };
/** A kill during start-up comes this long after the spawn at most. */
const STARTUP_MS = 1_200;

const SOURCES: readonly LoadSource[] = [
  {
    organization: 'mercy',
    source: 'ehr',
    format: 'backport-r4',
    scheme: 'standard-webhooks',
    secret: newWebhookSecret(),
    lanes: 10,
  },
  {
    organization: 'mercy',
    source: 'lab',
    format: 'rest-hook-r4',
    scheme: 'websub',
    secret: randomBytes(32).toString('base64url'),
    lanes: 6,
  },
  {
    organization: 'lakeside',
    source: 'ehr',
    format: 'backport-r5',
    scheme: 'standard-webhooks',
    secret: newWebhookSecret(),
    lanes: 8,
  },
];

type Progress = EventEmitter<{ acknowledged: []; delivered: [] }>;

/** Resolves at the n-th event from now. */
function nth(progress: Progress, kind: 'acknowledged' | 'delivered', count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const step = () => {
      left -= 1;
      if (left > 0) return;
      progress.off(kind, step);
      resolve();
    };
    progress.on(kind, step);
  });
}

/** A core platform that checks the order in which the versions of each resource come for the first time. */
function orderedCore(secret: string, progress: Progress): Promise<CorePlatform> {
  const seen = new Set<string>();
  return startCorePlatform({
    secret,
    orderMarks: (body, { ceId }) => (seen.has(ceId) ? [] : readResourceVersions(body)),
    onDelivery: ({ ceId }) => {
      seen.add(ceId);
      progress.emit('delivered');
    },
  });
}

/** One life of a gateway. @returns ms from its start to the first acknowledgement; undefined when it never came so far. */
async function cycle(home: GatewayHome, random: Random, progress: Progress): Promise<number | undefined> {
  const gateway = home.launch({ keepLog: false });
  if (random.chance(0.12)) {
    await pause(random.integer(0, STARTUP_MS));
    await gateway.kill();
    return undefined;
  }
  const first = nth(progress, 'acknowledged', 1);
  await gateway.listening();
  await within('the first acknowledgement after a restart', first);
  const restarted = performance.now() - gateway.startedAt;
  await within('load', nth(progress, random.pick(['acknowledged', 'delivered']), random.integer(1, 400)));
  await pause(random.integer(0, 25));
  await gateway.kill();
  return restarted;
}

async function drained(home: GatewayHome, load: EhrLoad, core: CorePlatform): Promise<void> {
  const gateway = await home.start();
  await within('every notification answered', load.finish(), 120_000);
  await until(
    'an empty backlog',
    async () => (await gateway.metric('portcullis_backlog_events')) === 0 && core.received.log.events,
    { deadlineMs: 120_000 },
  );
  assert.deepEqual(await gateway.stop(), { code: 0, signal: null });
}

test('nothing acknowledged is lost, altered or doubled by kill -9', {
  timeout: CYCLES * 10_000,
}, async (t) => {
  const random = new Random(SEED);
  const progress: Progress = new EventEmitter();
  const home = await GatewayHome.make(t);
  const core = await orderedCore(home.coreSecret, progress);
  home.defer(() => core.close());
  const port = await stablePort();
  await home.configure({ port, coreUrl: core.url, organizations: organizationsOf(SOURCES) });
  const load = new EhrLoad(SOURCES, {
    url: `http://127.0.0.1:${port}`,
    seed: SEED,
    faults: FAULTS,
    ratePerSecond: RATE,
    onOutcome: () => progress.emit('acknowledged'),
  });
  home.defer(() => load.abandon());

  let longest = 0;
  for (let run = 0; run < CYCLES; run += 1) {
    longest = Math.max(longest, (await cycle(home, random, progress)) ?? 0);
  }
  await drained(home, load, core);

  assert.deepEqual(load.problems, []);
  assertNothingLost(load.ledger, core);
  assert.ok(load.recovered > 0, 'no answer was ever lost: the kills came too late to prove anything');
  assert.ok(core.received.redeliveries > 0, 'no delivery was ever cut off: the kills came too late');
  const stored = (await assertAudited(home, 'mercy')) + (await assertAudited(home, 'lakeside'));
  assert.equal(stored, load.ledger.size, 'events stored and notifications acknowledged');
  assert.equal(core.received.log.events, stored, 'events stored and events delivered');
  const records = await assertChainVerifies(home);
  for (const [what, figure] of Object.entries({
    seed: SEED,
    cycles: CYCLES,
    acknowledged: load.ledger.size,
    delivered: core.received.log.events,
    redelivered: core.received.redeliveries,
    'duplicates answered': load.duplicates,
    'answers lost and recovered': load.recovered,
    'audit records verified': records,
    'longest restart, ms': Math.round(longest),
    processors: availableParallelism(),
  })) {
    t.diagnostic(`${what}: ${figure}`);
  }
});
