/** How long and how much each scenario runs. */
export interface Sizes {
  /** Signed requests that are made ahead: the most any one gateway is sent. */
  readonly requests: number;
  readonly rounds: number;
  readonly warmupSeconds: number;
  readonly saturationSeconds: number;
  readonly latencySeconds: number;
  /** Events that wait when the core platform comes up. */
  readonly backlog: number;
  readonly sustainedSeconds: number;
  /** Events for memory, audit verification and cold start. */
  readonly manyEvents: number;
  readonly coldStarts: number;
  /** A backlog that is not gone by then is reported as it is. */
  readonly drainDeadlineMs: number;
}

export const FULL: Sizes = {
  requests: 1_000_000,
  rounds: 5,
  warmupSeconds: 3,
  saturationSeconds: 8,
  latencySeconds: 20,
  backlog: 100_000,
  sustainedSeconds: 20,
  manyEvents: 1_000_000,
  coldStarts: 5,
  drainDeadlineMs: 20 * 60_000,
};

/** For developing the benchmark itself: its figures mean little. */
export const QUICK: Sizes = {
  requests: 100_000,
  rounds: 1,
  warmupSeconds: 1,
  saturationSeconds: 2,
  latencySeconds: 3,
  backlog: 10_000,
  sustainedSeconds: 3,
  manyEvents: 30_000,
  coldStarts: 2,
  drainDeadlineMs: 60_000,
};
