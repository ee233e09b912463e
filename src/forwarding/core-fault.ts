/**
 * Why the core platform gave no usable answer. A closed list, so that reports and alerts can rely on it.
 * The first group failed before anything of the request was sent.
 */
export const CORE_FAULT_CODES = [
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'dns',
  'tls',

  'headers-timeout',
  'body-timeout',
  'socket-closed',
  'response-too-large',
  'protocol-error',
  'invalid-request',
  'aborted',
  'other',
] as const;
export type CoreFaultCode = (typeof CORE_FAULT_CODES)[number];

/**
 * A request to the core platform that ended without an answer. It keeps codes only: the error beneath may quote
 * headers of the request or bytes of the response.
 */
export class CoreFault extends Error {
  override readonly name = 'CoreFault';
  readonly code: CoreFaultCode;

  /** @param detail the code that Node or the HTTP client gave, where that says more. */
  constructor(code: CoreFaultCode, detail = '') {
    super(detail === '' ? code : `${code} (${detail})`);
    this.code = code;
  }
}

export function coreFaultCode(error: unknown): CoreFaultCode {
  return error instanceof CoreFault ? error.code : 'other';
}

const NOT_CONNECTED: ReadonlySet<CoreFaultCode> = new Set([
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'dns',
  'tls',
]);

/** Whether the core platform was never reached, so that the fault says nothing about the event. */
export function isConnectFault(code: CoreFaultCode): boolean {
  return NOT_CONNECTED.has(code);
}
