/** What a refusal looks like from outside. `issue` is a code of FHIR's IssueType value set. */
interface RefusalForm {
  readonly status: number;
  readonly issue: string;
  readonly title: string;
  /** Whether the connection must not be used again: its framing is in doubt or its peer misbehaves. */
  readonly close: boolean;
}

function form(status: number, issue: string, title: string, close = false): RefusalForm {
  return { status, issue, title, close };
}

/** Every refusal the edge can give, by its stable code. */
export const REFUSALS = {
  'request-malformed': form(400, 'structure', 'the request is not well-formed HTTP', true),
  'host-invalid': form(400, 'structure', 'exactly one Host header is required', true),
  'framing-ambiguous': form(400, 'structure', 'the length of the body is ambiguous', true),
  'transfer-encoding-unsupported': form(
    400,
    'not-supported',
    'the only transfer coding taken is chunked',
    true,
  ),
  'path-malformed': form(400, 'structure', 'the path is not well-formed'),
  unauthenticated: form(401, 'security', 'the request could not be authenticated'),
  'not-found': form(404, 'not-found', 'there is nothing at this path'),
  'method-not-allowed': form(405, 'not-supported', 'the method is not allowed here'),
  'request-timeout': form(408, 'timeout', 'the request did not arrive in time', true),
  'body-too-slow': form(408, 'timeout', 'the body arrives too slowly', true),
  conflict: form(409, 'conflict', 'the same event id was received before with other content'),
  'body-too-large': form(413, 'too-long', 'the body is larger than the limit', true),
  'content-encoding-unsupported': form(415, 'not-supported', 'a body must be sent without content coding'),
  'media-type-unsupported': form(415, 'not-supported', 'the media type is not taken from this source'),
  'expectation-unsupported': form(417, 'not-supported', 'the expectation cannot be met', true),
  invalid: form(422, 'invalid', 'the notification is not valid'),
  'rate-limited': form(429, 'throttled', 'too many requests'),
  'headers-too-large': form(431, 'too-long', 'the header section is too large', true),
  internal: form(500, 'exception', 'internal error'),
  unavailable: form(503, 'transient', 'the request cannot be stored now'),
  'buffers-full': form(503, 'throttled', 'too many bodies are arriving at once', true),
  'shutting-down': form(503, 'transient', 'the gateway is shutting down', true),
} as const satisfies Record<string, RefusalForm>;

export type RefusalCode = keyof typeof REFUSALS;

/** Header names and values in turn. */
export type HeaderList = readonly string[];

export const NO_HEADERS: HeaderList = [];

/** Ends a request with one of `REFUSALS`; the error translator answers it. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly code: RefusalCode;
  readonly headers: HeaderList;

  constructor(code: RefusalCode, headers: HeaderList = NO_HEADERS) {
    super(REFUSALS[code].title);
    this.code = code;
    this.headers = headers;
  }
}

/** The client went away before its request was complete: there is nobody to answer. */
export class ClientAborted extends Error {
  override readonly name = 'ClientAborted';
}
