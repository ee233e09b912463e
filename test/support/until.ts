import { setTimeout as pause } from 'node:timers/promises';

export interface Patience {
  /** After this long the wait has failed; 30 s unless told. */
  readonly deadlineMs?: number;
  /** Between two looks. */
  readonly everyMs?: number;
}

/** Looks until the probe gives something other than undefined or false. @throws Error saying what never came. */
export async function until<Value>(
  what: string,
  probe: () => Value | undefined | false | Promise<Value | undefined | false>,
  { deadlineMs = 30_000, everyMs = 20 }: Patience = {},
): Promise<Value> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`${what}: did not happen within ${deadlineMs} ms`);
    await pause(everyMs);
  }
}

/** The promise's value. @throws Error saying what took too long. */
export async function within<Value>(
  what: string,
  promise: Promise<Value>,
  deadlineMs = 30_000,
): Promise<Value> {
  const ended = new AbortController();
  const late = pause(deadlineMs, undefined, { signal: ended.signal }).then(
    () => {
      throw new Error(`${what}: did not happen within ${deadlineMs} ms`);
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    ended.abort();
  }
}
