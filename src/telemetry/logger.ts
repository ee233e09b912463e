import { type DestinationStream, destination as openDestination, pino } from 'pino';
import { type Clock, SECOND, systemClock, toInstant } from '../kernel/clock.ts';
import type { Log, LogFields } from '../kernel/log.ts';
import { LOG_FIELDS } from './log-fields.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
  readonly clock?: Clock;
}

/** The log, with the means to empty its buffer. */
export interface GatewayLog extends Log {
  /** Writes out what is buffered before it returns; for the last words of a process. */
  flush(): void;
}

/** Lines are gathered up to this many bytes, or for a second, then written together. */
const BUFFER_BYTES = 4096;
/** Longer text values are cut: no field of ours needs more. */
const MAX_TEXT = 256;

/**
 * The log as one JSON object a line: `level`, `time` (RFC 3339), the allowed fields, `msg`. Fields that are not on
 * the allow-list are dropped; `dropped_fields` tells how many.
 */
export function createLogger(options: LoggerOptions): GatewayLog {
  const { level, clock = systemClock, destination = standardOutput() } = options;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${toInstant(clock.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const write =
    (severity: Exclude<LogLevel, 'silent'>) =>
    (message: string, fields?: LogFields): void => {
      if (logger.isLevelEnabled(severity)) logger[severity](allowed(fields), message);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    flush: () => flush(destination),
  };
}

function standardOutput(): DestinationStream {
  return openDestination({ dest: 1, sync: false, minLength: BUFFER_BYTES, periodicFlush: SECOND });
}

function flush(destination: DestinationStream & { flushSync?: () => void }): void {
  try {
    destination.flushSync?.();
  } catch {
    // Standard output is closed or was never opened: nothing is left to be done about it.
  }
}

function allowed(fields: LogFields | undefined): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  let dropped = 0;
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    if (LOG_FIELDS.has(name) && typeof value !== 'object') kept[name] = shortened(value);
    else dropped += 1;
  }
  if (dropped > 0) kept.dropped_fields = dropped;
  return kept;
}

function shortened(value: string | number | boolean): string | number | boolean {
  return typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
}
