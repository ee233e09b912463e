import { type Bench, CONNECTIONS, newFolder, saturate, splitRequests } from '../bench-context.ts';
import type { WrkResult } from '../load/wrk.ts';
import { fixed, span, table, whole } from '../markdown.ts';
import { cpuSeconds } from '../measure/process-stats.ts';
import { median } from '../measure/statistics.ts';
import { expressPeer } from '../peers/express-peer.ts';
import { nginxPeer } from '../peers/nginx.ts';
import type { Peer, RunningPeer } from '../peers/peer.ts';
import { portcullisPeer } from '../peers/portcullis.ts';
import { webhookPeer } from '../peers/webhook-peer.ts';
import type { Scenario, TargetFinding } from './scenario.ts';

const EXPRESS_TARGET = 0.75;
const WEBHOOK_TARGET = 1;

interface Round extends WrkResult {
  /** Processor time of the receiver, all its threads and children. */
  readonly cpuMicrosPerRequest: number;
}

interface Measured {
  readonly peer: Peer;
  readonly rounds: Round[];
}

export const throughput: Scenario = {
  id: 'A',
  title: 'Saturation: requests a second at 32 connections',

  async run(bench) {
    const measured = peersOf(bench).map((peer): Measured => ({ peer, rounds: [] }));
    for (let round = 1; round <= bench.sizes.rounds; round += 1) {
      for (const { peer, rounds } of measured) {
        const result = await measure(bench, peer);
        rounds.push(result);
        bench.note(`A round ${round}/${bench.sizes.rounds} ${peer.id}: ${whole(result.requestsPerSecond)}/s`);
      }
    }
    return { text: report(bench, measured), targets: targets(measured) };
  },
};

function peersOf({ requests }: Bench): Peer[] {
  const { secret } = requests;
  return [
    portcullisPeer(secret, 'down'),
    expressPeer(secret, 'string'),
    expressPeer(secret, 'key-object'),
    webhookPeer(secret, 'none'),
    webhookPeer(secret, 'true'),
    nginxPeer(secret),
    portcullisPeer(secret, 'node'),
  ];
}

async function measure(bench: Bench, peer: Peer): Promise<Round> {
  const { warmup, measured } = splitRequests(bench);
  const { warmupSeconds, saturationSeconds } = bench.sizes;
  // A gateway would find its second lap to be duplicates; those that store nothing cannot tell.
  const wrap = !isPortcullis(peer);
  const running = await peer.start(newFolder(bench, peer.id));
  try {
    const warmedUp = await saturate(bench, running.target, { ...warmup, seconds: warmupSeconds, wrap });
    const cpuBefore = cpuSeconds(running.pid);
    const result = await saturate(bench, running.target, { ...measured, seconds: saturationSeconds, wrap });
    const cpu = cpuSeconds(running.pid) - cpuBefore;
    await demandStored(running, warmedUp.requests + result.requests);
    if (result.exhausted) bench.note(`${peer.id} used up its requests after ${fixed(result.seconds, 1)} s`);
    return { ...result, cpuMicrosPerRequest: (cpu * 1e6) / result.requests };
  } finally {
    await running.stop();
  }
}

/** Speed is worth nothing if what was answered with 200 was not stored. */
async function demandStored(running: RunningPeer, answered: number): Promise<void> {
  const stored = await running.stored?.();
  if (stored !== undefined && stored < answered) {
    throw new Error(`${answered} requests were acknowledged, ${stored} stored as new events`);
  }
}

function isPortcullis(peer: Peer): boolean {
  return peer.id.startsWith('portcullis');
}

function report({ sizes, requests }: Bench, measured: readonly Measured[]): string {
  const [portcullis] = measured;
  const rows = measured.map(({ peer, rounds }) => [
    peer.title,
    whole(median(rounds.map((round) => round.requestsPerSecond))),
    span(rounds.map((round) => round.requestsPerSecond)),
    fixed(median(rounds.map((round) => round.p50Ms)), 2),
    fixed(median(rounds.map((round) => round.p99Ms)), 2),
    fixed(median(rounds.map((round) => round.cpuMicrosPerRequest)), 0),
    whole(rounds.reduce((sum, round) => sum + round.errors, 0)),
    portcullis === undefined ? '' : fixed(ratio(portcullis.rounds, rounds), 2),
  ]);
  const head = [
    'peer',
    'req/s',
    'lowest–highest',
    'p50 ms',
    'p99 ms',
    'CPU µs/req',
    'errors',
    'Portcullis ÷ peer',
  ];
  return [
    `${sizes.rounds} rounds, the peers in turn within each; every peer is started anew, sent ${sizes.warmupSeconds} s of ` +
      `warm-up and then measured for ${sizes.saturationSeconds} s: wrk, 1 thread, ${CONNECTIONS} connections, the same ` +
      `signed notifications of ${whole(requests.template.body.length)} bytes, no two alike. Figures are medians of the rounds; ` +
      'the ratio is the median of the ratios within each round. Latencies are of a closed loop. CPU is that of the ' +
      'receiver with all its threads and children; wrk has its own.',
    table(head, rows),
    'Only Portcullis stores anything: each 200 follows a durable commit (fsync). Debian’s webhook must have a command; ' +
      '“runs nothing” names one that does not exist, which fails before a process is forked.',
  ].join('\n\n');
}

/** Median of the ratios of rounds that ran one after the other, since the machine drifts. */
function ratio(ours: readonly Round[], theirs: readonly Round[]): number {
  return median(
    ours.map(
      ({ requestsPerSecond }, index) => requestsPerSecond / (theirs[index]?.requestsPerSecond ?? Number.NaN),
    ),
  );
}

function targets(measured: readonly Measured[]): TargetFinding[] {
  return [
    against(measured, 'express-', 'bare Express 5, the faster variant', EXPRESS_TARGET, '≥ 0.75'),
    against(measured, 'webhook-', 'Debian webhook, the faster variant', WEBHOOK_TARGET, '> 1.0'),
  ];
}

function against(
  measured: readonly Measured[],
  idPrefix: string,
  name: string,
  least: number,
  wanted: string,
): TargetFinding {
  const ours = measured.find(({ peer }) => isPortcullis(peer))?.rounds ?? [];
  const variants = measured.filter(({ peer }) => peer.id.startsWith(idPrefix));
  // The faster variant is the one that we look worse against.
  const lowest = Math.min(...variants.map(({ rounds }) => ratio(ours, rounds)));
  const met = wanted.startsWith('>') ? lowest > least : lowest >= least;
  return {
    what: `durable accept ÷ ${name}, ${CONNECTIONS} connections`,
    wanted,
    measured: fixed(lowest, 2),
    met,
  };
}
