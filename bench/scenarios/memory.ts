import { fixed, table, whole } from '../markdown.ts';
import type { GatewaySample } from '../measure/gateway-samples.ts';
import { median, slope } from '../measure/statistics.ts';
import type { LargeJournal } from './large-journals.ts';
import type { Scenario, TargetFinding } from './scenario.ts';

const BACKLOG_TARGET_MIB = 300_000_000 / 1024 ** 2;
/** Resident memory breathes with the garbage collector; growth beyond this share is a trend. */
const FLAT_WITHIN = 0.1;
const SHARES = [0.05, 0.25, 0.5, 0.75, 1] as const;

export const memory: Scenario = {
  id: 'D',
  title: 'Resident memory of the gateway, all threads',

  async run(bench) {
    const delivered = await bench.journals.delivered(bench);
    const waiting = await bench.journals.waiting(bench);
    return { text: report(delivered, waiting), targets: [flatness(delivered), backlogPeak(waiting)] };
  },
};

function report(delivered: LargeJournal, waiting: LargeJournal): string {
  const head = [
    'after',
    ...SHARES.map((share) => `${share * 100} %`),
    'peak (VmHWM)',
    'events',
    'highest backlog',
  ];
  const rows = [
    ['accepting, core platform up', delivered.filling],
    ['accepting, core platform down', waiting.filling],
  ] as const;
  return [
    'VmRSS in MiB, sampled every half second while 32 connections send as fast as they are answered; nginx is the core ' +
      'platform.',
    table(
      head,
      rows.map(([name, samples]) => [name, ...residents(samples), ...extremes(samples)]),
    ),
    `With the core platform up, the least-squares slope over all but the first fifth is ` +
      `${fixed(slopeMib(settled(delivered.filling)), 1)} MiB for each 100,000 events. When the core platform came back to ` +
      `the backlog and it drained for ${fixed(spanSeconds(waiting.draining), 0)} s, resident memory peaked at ` +
      `${whole(Math.max(...waiting.draining.map(({ residentMib }) => residentMib)))} MiB.`,
  ].join('\n\n');
}

function residents(samples: readonly GatewaySample[]): string[] {
  const total = samples.at(-1)?.accepted ?? 0;
  return SHARES.map((share) => {
    const sample = samples.find(({ accepted }) => accepted >= total * share);
    return whole(sample?.residentMib ?? Number.NaN);
  });
}

function extremes(samples: readonly GatewaySample[]): string[] {
  const last = samples.at(-1);
  return [last?.peakMib, last?.accepted, Math.max(...samples.map(({ backlog }) => backlog))].map((value) =>
    whole(value ?? Number.NaN),
  );
}

function settled(samples: readonly GatewaySample[]): GatewaySample[] {
  const total = samples.at(-1)?.accepted ?? 0;
  return samples.filter(({ accepted }) => accepted >= total / 5);
}

/** MiB for each 100,000 events. */
function slopeMib(samples: readonly GatewaySample[]): number {
  return slope(samples.map(({ accepted, residentMib }) => ({ x: accepted / 100_000, y: residentMib })));
}

function spanSeconds(samples: readonly GatewaySample[]): number {
  return ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / 1000;
}

function flatness({ filling }: LargeJournal): TargetFinding {
  const total = filling.at(-1)?.accepted ?? 0;
  const quarter = (from: number) =>
    median(
      filling
        .filter(({ accepted }) => accepted >= total * from && accepted <= total * (from + 0.25))
        .map(({ residentMib }) => residentMib),
    );
  const [early, late] = [quarter(0.25), quarter(0.75)];
  return {
    what: `resident memory flat over ${whole(total)} events: last quarter against the second`,
    wanted: 'at most 10 % more',
    measured: `${whole(early)} → ${whole(late)} MiB (${fixed((late / early - 1) * 100, 1)} %)`,
    met: late <= early * (1 + FLAT_WITHIN),
  };
}

function backlogPeak({ filling, draining }: LargeJournal): TargetFinding {
  const backlog = Math.max(...filling.map((sample) => sample.backlog));
  const peak = Math.max(...[...filling, ...draining].map((sample) => sample.peakMib));
  return {
    what: `peak resident memory with a backlog of ${whole(backlog)}, filling and draining`,
    wanted: '< 300 MB (286 MiB)',
    measured: `${whole(peak)} MiB`,
    met: peak < BACKLOG_TARGET_MIB,
  };
}
