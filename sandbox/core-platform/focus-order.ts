import type { EventHeaders } from './event-headers.ts';

/** A resource in the version a body carries it in. */
export interface OrderMark {
  readonly focus: string;
  readonly version: number;
}

/** Reads from a body which versions of which resources it carries. */
export type OrderMarks = (body: Buffer, headers: EventHeaders) => readonly OrderMark[];

/** Remembers the newest version seen of every resource of every source. */
export class FocusOrder {
  readonly #newest = new Map<string, number>();

  /** @returns what came too late, where something did: an older version than one seen before. */
  observe(headers: EventHeaders, marks: readonly OrderMark[]): string | undefined {
    let late: string | undefined;
    for (const { focus, version } of marks) {
      const key = `${headers.organization}/${headers.source} ${focus}`;
      const newest = this.#newest.get(key) ?? 0;
      if (version < newest) late = `${focus} version ${version} after ${newest}`;
      else this.#newest.set(key, version);
    }
    return late;
  }
}
