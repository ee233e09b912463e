import type { Clock } from '../../src/kernel/clock.ts';

/** A clock that only tests move. */
export class TestClock implements Clock {
  #now: number;

  constructor(start: number | string = '2026-11-22T12:00:00Z') {
    this.#now = typeof start === 'number' ? start : Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
