/**
 * The only field names that reach the log. A name is added here after asking whether its values could ever hold a
 * body, a header of record, a patient identifier, a secret, or a URL with one of them in it.
 */
export const LOG_FIELDS: ReadonlySet<string> = new Set([
  // what it is about
  'organization',
  'source',
  'event',
  'event_id',
  'request_id',
  'trace_id',
  'profile',
  'scheme',
  'key_id',
  'route',
  'method',
  'client_address',
  // what became of it
  'status',
  'outcome',
  'code',
  'reason',
  'refusal',
  'kind',
  'state',
  'breaker',
  'attempt',
  'replay',
  'error_name',
  'error_code',
  'error_at',
  // how much, how long
  'count',
  'bytes',
  'body_bytes',
  'duration_ms',
  'due_at',
  'pending',
  'free_bytes',
  // the process
  'address',
  'port',
  'socket',
  'file',
  'line',
  'key',
  'sections',
  'version',
  'signal',
  'exit_code',
  'engine',
]);
