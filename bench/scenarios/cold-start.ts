import { type Bench, newFolder } from '../bench-context.ts';
import { fixed, table, whole } from '../markdown.ts';
import { memoryOf } from '../measure/process-stats.ts';
import { median } from '../measure/statistics.ts';
import { type GatewayHome, makeHome, RunningGateway } from '../peers/portcullis.ts';
import type { Scenario } from './scenario.ts';

const TARGET_MS = 2_000;

interface Start {
  readonly milliseconds: number;
  readonly residentMib: number;
  readonly backlog: number;
}

export const coldStart: Scenario = {
  id: 'F',
  title: 'Cold start to listening',

  async run(bench) {
    const fresh: Start[] = [];
    const loaded: Start[] = [];
    const { home } = await bench.journals.waiting(bench);
    for (let round = 1; round <= bench.sizes.coldStarts; round += 1) {
      fresh.push(await startOnce(await freshHome(bench)));
      loaded.push(await startOnce(home));
    }
    const rows = [
      ['no journal, no keys yet', ...figures(fresh)],
      [`a backlog of ${whole(loaded[0]?.backlog ?? Number.NaN)} events`, ...figures(loaded)],
    ];
    const slowest = Math.max(median(millisecondsOf(fresh)), median(millisecondsOf(loaded)));
    bench.note(`F ${whole(slowest)} ms, the slower case`);
    const text = [
      `From the start of the process until its port takes a connection, ${bench.sizes.coldStarts} starts each, in turn, ` +
        'after a stop in order; the files are in the page cache, the process itself starts from nothing.',
      table(['on', 'median ms', 'slowest ms', 'resident MiB then'], rows),
    ].join('\n\n');
    const target = {
      what: 'cold start to listening, the slower of both cases',
      wanted: '< 2 s',
      measured: `${fixed(slowest / 1000, 2)} s`,
      met: slowest < TARGET_MS,
    };
    return { text, targets: [target] };
  },
};

function freshHome(bench: Bench): Promise<GatewayHome> {
  return makeHome(newFolder(bench, 'fresh'), bench.requests.secret);
}

async function startOnce(home: GatewayHome): Promise<Start> {
  const gateway = await RunningGateway.start(home);
  try {
    const { residentMib } = memoryOf(gateway.pid);
    const { backlog } = await gateway.counts();
    return { milliseconds: gateway.startMs, residentMib, backlog };
  } finally {
    await gateway.stop();
  }
}

function millisecondsOf(starts: readonly Start[]): number[] {
  return starts.map(({ milliseconds }) => milliseconds);
}

function figures(starts: readonly Start[]): string[] {
  const times = millisecondsOf(starts);
  const resident = median(starts.map(({ residentMib }) => residentMib));
  return [median(times), Math.max(...times), resident].map(whole);
}
