import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestSet } from './load/request-set.ts';
import { type Target, wirePlan, writeLuaPlan } from './load/wire-plan.ts';
import { runWrk, type WrkResult } from './load/wrk.ts';
import type { LargeJournals } from './scenarios/large-journals.ts';
import type { Sizes } from './sizes.ts';

export const CONNECTIONS = 32;

/** What every scenario is given. */
export interface Bench {
  /** Folder of this run, removed at its end. */
  readonly folder: string;
  readonly sizes: Sizes;
  readonly requests: RequestSet;
  /** Journals that take long to fill; made once, by the first scenario that needs them. */
  readonly journals: LargeJournals;
  /** Says on the terminal what is under way. */
  readonly note: (text: string) => void;
}

/** A range of the request set; the end is not part of it. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Sent before a measurement, and during it: never the same ones twice. */
export function splitRequests({ requests }: Bench): { readonly warmup: Range; readonly measured: Range } {
  const boundary = Math.floor(requests.count / 4);
  return { warmup: { first: 0, last: boundary }, measured: { first: boundary, last: requests.count } };
}

export interface SendOptions extends Range {
  /** Undefined: until the range is used up. */
  readonly seconds?: number;
  /** Whether to begin again when the range is used up. */
  readonly wrap?: boolean;
}

/** Sends requests of the set with wrk at {@link CONNECTIONS} connections, as fast as they are answered. */
export function saturate(bench: Bench, target: Target, options: SendOptions): Promise<WrkResult> {
  const { folder, requests } = bench;
  const planFile = join(folder, 'plan.lua');
  writeLuaPlan(planFile, wirePlan(requests, target));
  const url = `http://${target.host}:${target.port}${target.path}`;
  return runWrk({ url, planFile, recordsFile: requests.file, connections: CONNECTIONS, ...options });
}

/** A new, empty folder of this run. */
export function newFolder({ folder }: Bench, name: string): string {
  return mkdtempSync(join(folder, `${name}-`));
}
