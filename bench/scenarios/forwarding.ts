import { type Bench, newFolder, saturate, splitRequests } from '../bench-context.ts';
import { fixed, table, whole } from '../markdown.ts';
import { drainRate, type GatewaySample, sampleOf, sampleUntil } from '../measure/gateway-samples.ts';
import { median } from '../measure/statistics.ts';
import { type CoreKind, startCore } from '../peers/core-peer.ts';
import { makeHome, RunningGateway } from '../peers/portcullis.ts';
import type { Scenario, TargetFinding } from './scenario.ts';

const CORES: readonly CoreKind[] = ['node', 'nginx'];
const CORE_TITLES = { node: 'node:http, answers 200', nginx: 'nginx, `return 200`' } as const;
const POLL_MS = 100;
/** Within this share the rates count as equal: the window cuts work in progress at both ends. */
const AS_GOOD_AS = 0.98;

interface Drain {
  /** Requests a second while the backlog was filled, the core platform down. */
  readonly accept: number;
  readonly deliver: number;
}

interface Sustained {
  readonly accept: number;
  readonly deliver: number;
  readonly backlogAtEnd: number;
  readonly catchUpSeconds: number;
}

interface Measured {
  readonly core: CoreKind;
  readonly drains: Drain[];
  readonly sustained: Sustained[];
}

export const forwarding: Scenario = {
  id: 'C',
  title: 'Forwarding to a local core platform',

  async run(bench) {
    const measured = CORES.map((core): Measured => ({ core, drains: [], sustained: [] }));
    for (let round = 1; round <= bench.sizes.rounds; round += 1) {
      for (const { core, drains, sustained } of measured) {
        const drain = await measureDrain(bench, core);
        const both = await measureSustained(bench, core);
        drains.push(drain);
        sustained.push(both);
        bench.note(
          `C round ${round}/${bench.sizes.rounds} ${core}: drains ${whole(drain.deliver)}/s, ` +
            `at once ${whole(both.accept)}/s in and ${whole(both.deliver)}/s out`,
        );
      }
    }
    return { text: report(bench, measured), targets: measured.map(target) };
  },
};

async function measureDrain(bench: Bench, core: CoreKind): Promise<Drain> {
  const home = await makeHome(newFolder(bench, `drain-${core}`), bench.requests.secret);
  const gateway = await RunningGateway.start(home);
  try {
    const last = Math.min(bench.sizes.backlog, bench.requests.count);
    const filled = await saturate(bench, gateway.target, { first: 0, last });
    const { backlog } = await gateway.counts();
    const platform = await startCore(core, home.folder, home.corePort);
    const samples = await drained(bench, gateway);
    await platform.stop();
    return { accept: filled.requestsPerSecond, deliver: drainRate(samples, backlog) };
  } finally {
    await gateway.stop();
  }
}

async function measureSustained(bench: Bench, core: CoreKind): Promise<Sustained> {
  const { warmup, measured } = splitRequests(bench);
  const { warmupSeconds, sustainedSeconds } = bench.sizes;
  const home = await makeHome(newFolder(bench, `sustained-${core}`), bench.requests.secret);
  const platform = await startCore(core, home.folder, home.corePort);
  const gateway = await RunningGateway.start(home);
  try {
    await saturate(bench, gateway.target, { ...warmup, seconds: warmupSeconds });
    const before = await sampleOf(gateway);
    await saturate(bench, gateway.target, { ...measured, seconds: sustainedSeconds });
    const after = await sampleOf(gateway);
    const rest = await drained(bench, gateway);
    const seconds = (after.at - before.at) / 1000;
    return {
      accept: (after.accepted - before.accepted) / seconds,
      deliver: (after.delivered - before.delivered) / seconds,
      backlogAtEnd: after.backlog,
      catchUpSeconds:
        rest.at(-1)?.backlog === 0 ? ((rest.at(-1)?.at ?? after.at) - after.at) / 1000 : Number.NaN,
    };
  } finally {
    await gateway.stop();
    await platform.stop();
  }
}

/** Samples until nothing waits any more. */
async function drained(bench: Bench, gateway: RunningGateway): Promise<GatewaySample[]> {
  const limits = { everyMs: POLL_MS, deadlineMs: bench.sizes.drainDeadlineMs };
  const samples = await sampleUntil(gateway, ({ backlog }) => backlog === 0, limits);
  const left = samples.at(-1)?.backlog ?? 0;
  if (left > 0) bench.note(`C ${left} events were still waiting when the time was up`);
  return samples;
}

function report({ sizes, requests }: Bench, measured: readonly Measured[]): string {
  const drains = measured.map(({ core, drains: rounds }) => [
    CORE_TITLES[core],
    whole(median(rounds.map((round) => round.accept))),
    whole(median(rounds.map((round) => round.deliver))),
    fixed(median(rounds.map((round) => round.deliver / round.accept)), 2),
  ]);
  const sustained = measured.map(({ core, sustained: rounds }) => [
    CORE_TITLES[core],
    whole(median(rounds.map((round) => round.accept))),
    whole(median(rounds.map((round) => round.deliver))),
    fixed(median(rounds.map((round) => round.deliver / round.accept)), 2),
    whole(median(rounds.map((round) => round.backlogAtEnd))),
    fixed(median(rounds.map((round) => round.catchUpSeconds)), 1),
  ]);
  return [
    `One after the other: ${whole(Math.min(sizes.backlog, requests.count))} events are accepted with the core platform ` +
      'down, then it comes up and the backlog drains, its middle 90 % measured.',
    table(
      ['core platform', 'accepts /s, core down', 'delivers /s, no senders', 'delivers ÷ accepts'],
      drains,
    ),
    `At once, for ${sizes.sustainedSeconds} s at 32 connections: senders, gateway and core platform share this ` +
      'machine’s cores.',
    table(
      [
        'core platform',
        'accepts /s',
        'delivers /s',
        'delivers ÷ accepts',
        'backlog at the end',
        'empty s later',
      ],
      sustained,
    ),
    `Medians of ${sizes.rounds} rounds in turn; 16 deliveries at a time (the default), each signed, its outcome audited ` +
      'in a durable commit.',
  ].join('\n\n');
}

function target({ core, sustained }: Measured): TargetFinding {
  const ratio = median(sustained.map(({ accept, deliver }) => deliver / accept));
  return {
    what: `deliveries ÷ accepts, both at once at saturation, local core (${CORE_TITLES[core]})`,
    wanted: '≥ 1 (0.98 counts)',
    measured: fixed(ratio, 2),
    met: ratio >= AS_GOOD_AS,
  };
}
