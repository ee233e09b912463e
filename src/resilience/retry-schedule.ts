import { HOUR, SECOND } from '../kernel/clock.ts';

export interface RetryDelays {
  /** Upper bound of the first delay, milliseconds; it doubles with every attempt. */
  readonly firstDelayMs: number;
  /** Upper bound of any delay that a peer did not ask for, milliseconds. */
  readonly maxDelayMs: number;
}

/** Longest wait that a peer's `Retry-After` may impose, milliseconds. */
export const RETRY_AFTER_LIMIT_MS = HOUR;

const MAX_DOUBLINGS = 40;

/**
 * Exponential back-off with full jitter: uniform in [0, min(maxDelayMs, firstDelayMs · 2^(attempt−1))), whole milliseconds.
 * @param attempt the attempt that failed, from 1.
 * @param random uniform in [0, 1).
 */
export function backoffDelay(delays: RetryDelays, attempt: number, random: () => number): number {
  const doublings = Math.min(Math.max(attempt - 1, 0), MAX_DOUBLINGS);
  return Math.floor(random() * Math.min(delays.maxDelayMs, delays.firstDelayMs * 2 ** doublings));
}

/**
 * The wait before the next attempt, milliseconds: the jittered back-off, but no shorter than what the peer asked for,
 * of which at most an hour is granted.
 */
export function retryDelay(
  delays: RetryDelays,
  attempt: number,
  retryAfterMs: number | undefined,
  random: () => number,
): number {
  const jittered = backoffDelay(delays, attempt, random);
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, RETRY_AFTER_LIMIT_MS));
}

/**
 * `Retry-After` (RFC 9110 §10.2.3) as milliseconds from now, never negative: delay-seconds or any HTTP-date.
 * Undefined where the value is absent or malformed.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * SECOND, Number.MAX_SAFE_INTEGER);
  const instant = parseHttpDate(text, now);
  return instant === undefined ? undefined : Math.max(0, instant - now);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;
const HTTP_DATES = [
  new RegExp(String.raw`^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) ${TIME} GMT$`),
  new RegExp(String.raw`^[A-Z][a-z]{5,8}, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) ${TIME} GMT$`),
  new RegExp(String.raw`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`),
];

/** HTTP-date (RFC 9110 §5.6.7) in its three forms: IMF-fixdate, RFC 850, asctime. */
function parseHttpDate(text: string, now: number): number | undefined {
  for (const form of HTTP_DATES) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return instantOf(parts, now);
  }
  return undefined;
}

function instantOf(parts: Partial<Record<string, string>>, now: number): number | undefined {
  const { day = '', month = '', year = '', hour = '', minute = '', second = '' } = parts;
  const monthIndex = MONTHS.indexOf(month);
  if (monthIndex < 0 || Number(day) < 1 || Number(day) > 31) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  return Date.UTC(fullYear(year, now), monthIndex, Number(day), Number(hour), Number(minute), Number(second));
}

/** A two-digit year that seems more than 50 years ahead is the most recent past one (RFC 9110 §5.6.7). */
function fullYear(digits: string, now: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(now).getUTCFullYear();
  const year = Math.floor(thisYear / 100) * 100 + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
