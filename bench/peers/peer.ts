import type { Target } from '../load/wire-plan.ts';

/** Something that takes signed webhooks. */
export interface Peer {
  readonly id: string;
  /** One line that says what it does. */
  readonly title: string;
  /** @param folder of its own, empty. */
  start(folder: string): Promise<RunningPeer>;
}

export interface RunningPeer {
  readonly pid: number;
  readonly target: Target;
  /** How many requests it has stored, where it stores any. */
  stored?(): Promise<number>;
  stop(): Promise<void>;
}
