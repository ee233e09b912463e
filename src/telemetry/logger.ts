import { type DestinationStream, pino } from 'pino';
import { type Clock, systemClock, toInstant } from '../kernel/clock.ts';
import type { Log, LogFields } from '../kernel/log.ts';
import { LogDestination } from './log-destination.ts';
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

const STANDARD_OUTPUT = 1;
/** Longer text values are cut: no field of ours needs more. */
const MAX_TEXT = 256;

/**
 * The log as one JSON object a line: `level`, `time` (RFC 3339), the allowed fields, `msg`. Fields that are not on
 * the allow-list are dropped; `dropped_fields` tells how many.
 */
export function createLogger(options: LoggerOptions): GatewayLog {
  const { level, clock = systemClock, destination = new LogDestination(STANDARD_OUTPUT) } = options;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: instantField(clock),
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
    flush: () => (destination as DestinationStream & { flushSync?: () => void }).flushSync?.(),
  };
}

/** The time as pino wants it, made once per millisecond: under load many lines share one. */
function instantField(clock: Clock): () => string {
  let madeFor = Number.NaN;
  let field = '';
  return () => {
    const now = clock.now();
    if (now !== madeFor) {
      madeFor = now;
      field = `,"time":"${toInstant(now)}"`;
    }
    return field;
  };
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
