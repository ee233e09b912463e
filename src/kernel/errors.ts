/** What whoever called must do about an error: mend the request, try again later, or set it aside for a person. */
export type ErrorDisposition = 'refuse' | 'retry' | 'park';

/** An expected failure with a stable code. Its message is for operators and never holds data of a request. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: string;
  readonly disposition: ErrorDisposition;
  /** Seconds after which trying again makes sense; only with `retry`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: string,
    disposition: ErrorDisposition,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.disposition = disposition;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The journal cannot commit now: nothing was stored, and the sender is to try again. */
export function journalUnavailable(
  code: JournalUnavailableCode,
  retryAfterSeconds: number,
  cause?: unknown,
): GatewayError {
  return new GatewayError(code, 'retry', JOURNAL_UNAVAILABLE[code], { retryAfterSeconds, cause });
}

const JOURNAL_UNAVAILABLE = {
  'journal-failed': 'the journal could not commit; it is being reopened',
  'journal-backlog-full': 'the backlog of undelivered events is at its limit',
  'journal-disk-low': 'free disk space is below the reserve',
  'journal-closing': 'the journal is closing',
} as const;

export type JournalUnavailableCode = keyof typeof JOURNAL_UNAVAILABLE;

/** A stable code for the log: ours, the system's, or the class of the error; never its text. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
