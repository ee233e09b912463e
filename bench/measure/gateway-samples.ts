import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayCounts, RunningGateway } from '../peers/portcullis.ts';
import { memoryOf } from './process-stats.ts';

/** What a gateway had done, and held, at one moment. */
export interface GatewaySample extends GatewayCounts {
  /** `performance.now()`. */
  readonly at: number;
  readonly residentMib: number;
  readonly peakMib: number;
}

export async function sampleOf(gateway: RunningGateway): Promise<GatewaySample> {
  const counts = await gateway.counts();
  return { ...counts, ...memoryOf(gateway.pid), at: performance.now() };
}

/** Samples a gateway again and again until `isEnough`, or until the deadline. */
export async function sampleUntil(
  gateway: RunningGateway,
  isEnough: (sample: GatewaySample) => boolean,
  { everyMs, deadlineMs }: { readonly everyMs: number; readonly deadlineMs: number },
): Promise<GatewaySample[]> {
  const samples: GatewaySample[] = [];
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const sample = await sampleOf(gateway);
    samples.push(sample);
    if (isEnough(sample)) break;
    await pause(everyMs);
  }
  return samples;
}

/** Samples a gateway while some work goes on, and once more when it is done. */
export async function sampleDuring<Result>(
  gateway: RunningGateway,
  work: Promise<Result>,
  everyMs: number,
): Promise<{ readonly result: Result; readonly samples: GatewaySample[] }> {
  let working = true;
  const done = work.finally(() => {
    working = false;
  });
  const limits = { everyMs, deadlineMs: Number.POSITIVE_INFINITY };
  const [result, samples] = await Promise.all([done, sampleUntil(gateway, () => !working, limits)]);
  return { result, samples: [...samples, await sampleOf(gateway)] };
}

/** Deliveries a second between the moments at which 5 % and 95 % of a backlog were gone: without run-up and tail. */
export function drainRate(samples: readonly GatewaySample[], backlog: number): number {
  const start = samples.find(({ delivered }) => delivered >= backlog * 0.05);
  const end = samples.find(({ delivered }) => delivered >= backlog * 0.95);
  if (start === undefined || end === undefined) return Number.NaN;
  return ((end.delivered - start.delivered) / (end.at - start.at)) * 1000;
}
