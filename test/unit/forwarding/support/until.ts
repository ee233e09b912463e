import { setTimeout as wait } from 'node:timers/promises';

/** Waits until a condition holds. @throws Error with the description when it never does. */
export async function until(description: string, holds: () => boolean, limitMs = 15_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${description}`);
    await wait(1);
  }
}
