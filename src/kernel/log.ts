/**
 * Structured log interface. Field values are identifiers, counts, durations and stable codes, never a body,
 * a header of record, a patient identifier or a secret; the adapter drops fields that are not on its allow-list.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
