import { rmSync } from 'node:fs';
import { type Bench, newFolder, saturate } from '../bench-context.ts';
import { type GatewaySample, sampleDuring, sampleUntil } from '../measure/gateway-samples.ts';
import { freeBytes } from '../measure/machine.ts';
import { startCore } from '../peers/core-peer.ts';
import { type GatewayHome, makeHome, RunningGateway } from '../peers/portcullis.ts';

/** Journal, log and write-ahead log, with room to spare. */
const BYTES_PER_EVENT = 8_192;
const SAMPLE_MS = 500;
const DRAIN_SAMPLE_MS = 15_000;

/** A journal of many events, stopped in order, and how the gateway fared while it grew. */
export interface LargeJournal {
  readonly home: GatewayHome;
  /** While events came in. */
  readonly filling: readonly GatewaySample[];
  /** Afterwards, while deliveries went out. */
  readonly draining: readonly GatewaySample[];
}

export class DiskTooSmall extends Error {
  override readonly name = 'DiskTooSmall';
}

/** Makes each large journal when it is first asked for. */
export class LargeJournals {
  #delivered: Promise<LargeJournal> | undefined;
  #waiting: Promise<LargeJournal> | undefined;

  /** Every event accepted and delivered. @throws DiskTooSmall. */
  delivered(bench: Bench): Promise<LargeJournal> {
    this.#delivered ??= fill(bench, 'delivered', deliverAll);
    return this.#delivered;
  }

  /** The events accepted while the core platform was down; the smaller part was then delivered. @throws DiskTooSmall. */
  waiting(bench: Bench): Promise<LargeJournal> {
    this.#waiting ??= fill(bench, 'waiting', pileUp);
    return this.#waiting;
  }
}

type Filler = (bench: Bench, gateway: RunningGateway) => Promise<Omit<LargeJournal, 'home'>>;

async function fill(bench: Bench, name: string, filler: Filler): Promise<LargeJournal> {
  const { folder, sizes, requests } = bench;
  demandSpace(folder, sizes.manyEvents);
  bench.note(`filling a journal with ${sizes.manyEvents} events (${name})`);
  const home = await makeHome(newFolder(bench, name), requests.secret);
  const gateway = await RunningGateway.start(home);
  try {
    return { home, ...(await filler(bench, gateway)) };
  } finally {
    await gateway.stop();
    rmSync(`${home.folder}/portcullis.log`, { force: true });
  }
}

function demandSpace(folder: string, events: number): void {
  const needed = events * BYTES_PER_EVENT;
  const free = freeBytes(folder);
  if (free >= needed) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new DiskTooSmall(`${events} events want ${gigabytes(needed)} of disk, ${gigabytes(free)} are free`);
}

async function deliverAll(bench: Bench, gateway: RunningGateway) {
  const { folder, corePort } = gateway.home;
  const platform = await startCore('nginx', folder, corePort);
  try {
    const filling = await sendAll(bench, gateway);
    const limits = { everyMs: SAMPLE_MS, deadlineMs: bench.sizes.drainDeadlineMs };
    const draining = await sampleUntil(gateway, ({ backlog }) => backlog === 0, limits);
    return { filling, draining };
  } finally {
    await platform.stop();
  }
}

async function pileUp(bench: Bench, gateway: RunningGateway) {
  const filling = await sendAll(bench, gateway);
  const platform = await startCore('nginx', gateway.home.folder, gateway.home.corePort);
  try {
    const limits = { everyMs: SAMPLE_MS, deadlineMs: DRAIN_SAMPLE_MS };
    const half = (filling.at(-1)?.backlog ?? 0) / 2;
    return { filling, draining: await sampleUntil(gateway, ({ backlog }) => backlog <= half, limits) };
  } finally {
    await platform.stop();
  }
}

async function sendAll(bench: Bench, gateway: RunningGateway): Promise<GatewaySample[]> {
  const last = Math.min(bench.sizes.manyEvents, bench.requests.count);
  const { samples } = await sampleDuring(
    gateway,
    saturate(bench, gateway.target, { first: 0, last }),
    SAMPLE_MS,
  );
  return samples;
}
