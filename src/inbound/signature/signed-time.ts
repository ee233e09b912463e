import { SECOND } from '../../kernel/clock.ts';
import { REPEATED, type SingleHeader } from './raw-headers.ts';
import type { SignatureRefusal } from './types.ts';

/** Digits only: `parseInt` would read `1614265330abc`, `+1`, ` 1` and `1.5` as numbers. */
const SECONDS = /^\d{1,12}$/;
const MILLISECONDS = /^\d{1,15}$/;

/** Parses a decimal count of seconds since the Unix epoch into epoch milliseconds. */
export function parseEpochSeconds(text: string): number | undefined {
  return SECONDS.test(text) ? Number(text) * SECOND : undefined;
}

/** Parses a decimal count of milliseconds since the Unix epoch. */
export function parseEpochMilliseconds(text: string): number | undefined {
  return MILLISECONDS.test(text) ? Number(text) : undefined;
}

/**
 * Undefined when a signed time lies within `toleranceMs` of our clock, the edges included.
 * The window has two sides: a stamp from the future would let a captured request be replayed until then.
 */
export function windowRefusal(
  signedAt: number,
  now: number,
  toleranceMs: number,
): SignatureRefusal | undefined {
  if (now - signedAt > toleranceMs) return 'timestamp-stale';
  if (signedAt - now > toleranceMs) return 'timestamp-future';
  return undefined;
}

/** The refusal that the presence of a timestamp header calls for, or its text. */
export function timestampText(header: SingleHeader): { readonly text: string } | SignatureRefusal {
  if (header === undefined) return 'timestamp-missing';
  if (header === REPEATED) return 'timestamp-repeated';
  return { text: header };
}

/** Epoch milliseconds of a timestamp in seconds that lies in the window, or why it is refused. */
export function judgeSeconds(text: string, now: number, toleranceMs: number): number | SignatureRefusal {
  const signedAt = parseEpochSeconds(text);
  if (signedAt === undefined) return 'timestamp-malformed';
  return windowRefusal(signedAt, now, toleranceMs) ?? signedAt;
}
