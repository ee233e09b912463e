import { type Bench, newFolder, saturate, splitRequests } from '../bench-context.ts';
import { type PacedResult, runPaced } from '../load/paced.ts';
import { fixed, table, whole } from '../markdown.ts';
import { median } from '../measure/statistics.ts';
import { expressPeer } from '../peers/express-peer.ts';
import type { Peer } from '../peers/peer.ts';
import { portcullisPeer } from '../peers/portcullis.ts';
import type { Scenario } from './scenario.ts';

/** Enough that a request never waits for a free connection while the receiver keeps up. */
const CONNECTIONS = 256;
const P99_TARGET_MS = 50;

export const latency: Scenario = {
  id: 'B',
  title: 'Latency of the accept at half of saturation',

  async run(bench) {
    const saturation = await saturationOf(bench);
    const rate = saturation / 2;
    bench.note(`B saturation ${whole(saturation)}/s, measured at ${whole(rate)}/s`);
    const { secret } = bench.requests;
    const peers = [
      portcullisPeer(secret, 'down'),
      portcullisPeer(secret, 'node'),
      expressPeer(secret, 'string'),
    ];
    const measured = peers.map((peer) => ({ peer, rounds: [] as PacedResult[] }));
    for (let round = 1; round <= bench.sizes.rounds; round += 1) {
      for (const { peer, rounds } of measured) {
        const result = await measure(bench, peer, rate);
        rounds.push(result);
        bench.note(`B round ${round}/${bench.sizes.rounds} ${peer.id}: p99 ${fixed(result.p99Ms, 2)} ms`);
      }
    }
    const p99 = median(measured[0]?.rounds.map((result) => result.p99Ms) ?? []);
    const target = {
      what: 'p99 of the accept at half of saturation',
      wanted: '< 50 ms',
      measured: `${fixed(p99, 1)} ms`,
      met: p99 < P99_TARGET_MS,
    };
    return { text: report(bench, saturation, measured), targets: [target] };
  },
};

async function saturationOf(bench: Bench): Promise<number> {
  const { warmup, measured } = splitRequests(bench);
  const { warmupSeconds, saturationSeconds } = bench.sizes;
  const running = await portcullisPeer(bench.requests.secret, 'down').start(newFolder(bench, 'saturation'));
  try {
    await saturate(bench, running.target, { ...warmup, seconds: warmupSeconds });
    const result = await saturate(bench, running.target, { ...measured, seconds: saturationSeconds });
    return result.requestsPerSecond;
  } finally {
    await running.stop();
  }
}

async function measure(bench: Bench, peer: Peer, wantedRate: number): Promise<PacedResult> {
  const { warmupSeconds, latencySeconds: seconds } = bench.sizes;
  const rate = Math.min(wantedRate, bench.requests.count / (warmupSeconds + seconds) - 1);
  const folder = newFolder(bench, peer.id);
  const running = await peer.start(folder);
  try {
    const load = { target: running.target, first: 0, rate, warmupSeconds, seconds, connections: CONNECTIONS };
    return await runPaced(folder, bench.requests, load);
  } finally {
    await running.stop();
  }
}

function report(
  { sizes }: Bench,
  saturation: number,
  measured: readonly { readonly peer: Peer; readonly rounds: readonly PacedResult[] }[],
): string {
  const middle = (rounds: readonly PacedResult[], field: keyof PacedResult) =>
    median(rounds.map((round) => round[field]));
  const rows = measured.map(({ peer, rounds }) => [
    peer.title,
    whole(middle(rounds, 'requestsPerSecond')),
    ...(['p50Ms', 'p99Ms', 'p999Ms', 'maxMs', 'senderLagP99Ms'] as const).map((field) =>
      fixed(middle(rounds, field), 2),
    ),
    whole(rounds.reduce((sum, round) => sum + round.errors, 0)),
  ]);
  const head = ['peer', 'req/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'sender’s lag p99 ms', 'errors'];
  return [
    `Portcullis saturated at ${whole(saturation)} requests a second just before; half of that is sent to each peer at a ` +
      `constant rate over ${CONNECTIONS} connections, ${sizes.warmupSeconds} s of warm-up and then ${sizes.latencySeconds} s ` +
      `measured, ${sizes.rounds} rounds in turn. A latency counts from the moment the request was due, whether or not the ` +
      'receiver had stalled by then (no coordinated omission). The sender wakes every millisecond and shares the ' +
      'machine’s cores: its own lag is part of every figure. Figures are medians of the rounds.',
    table(head, rows),
  ].join('\n\n');
}
