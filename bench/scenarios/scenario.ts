import type { Bench } from '../bench-context.ts';

/** Something to measure, and to tell about. */
export interface Scenario {
  /** The letter by which it is chosen on the command line. */
  readonly id: string;
  readonly title: string;
  run(bench: Bench): Promise<Findings>;
}

export interface Findings {
  /** Markdown: what was done and the figures. */
  readonly text: string;
  readonly targets: readonly TargetFinding[];
}

/** One target and what was measured; nothing fails when it is missed. */
export interface TargetFinding {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}
