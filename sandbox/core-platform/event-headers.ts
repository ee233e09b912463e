import type { IncomingHttpHeaders } from 'node:http';

/** What the gateway says of an event in CloudEvents 1.0 binary mode. */
export interface EventHeaders {
  readonly ceId: string;
  readonly organization: string;
  readonly source: string;
  readonly type: string;
  /** Percent-decoded, as CloudEvents' HTTP binding §3.1.3.2 asks. */
  readonly subject: string | undefined;
  readonly attempt: number;
  readonly replay: boolean;
  readonly auditseq: number;
  readonly audithash: string;
}

const EVENT_TYPES =
  'fhir\\.notification\\.event|fhir\\.notification\\.handshake|fhir\\.notification\\.heartbeat|fhir\\.resource\\.changed|fhir\\.resource\\.deleted|fhir\\.hint';
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const REQUIRED: Readonly<Record<string, RegExp>> = {
  'ce-specversion': /^1\.0$/,
  'ce-id': UUID_V7,
  'ce-source': /^\/organizations\/[a-z0-9-]+\/sources\/[a-z0-9-]+$/,
  'ce-type': new RegExp(`^(${EVENT_TYPES})$`),
  'ce-time': INSTANT,
  'ce-organization': /^[a-z0-9-]+$/,
  'ce-fhirversion': /^\d\.\d$/,
  'ce-attempt': /^[1-9]\d*$/,
  'ce-replay': /^(true|false)$/,
  'ce-auditseq': /^\d+$/,
  'ce-audithash': /^[0-9a-f]{64}$/,
  'ce-validation': /^(valid|flagged)$/,
  'x-request-id': /^[\x21-\x7e]{1,128}$/,
  'webhook-id': UUID_V7,
  'webhook-timestamp': /^\d{1,12}$/,
  'webhook-signature': /^v1,[A-Za-z0-9+/]{43}=( v1a?,\S+)*$/,
};

const OPTIONAL: Readonly<Record<string, RegExp>> = {
  'content-type': /^[\w.+-]+\/[\w.+-]+(\s*;.*)?$/,
  'ce-subject': /^[\x21-\x7e]+$/,
  'ce-sourcescore': /^\d+(\.\d+)?$/,
  'ce-sourcegrade': /^[\x21-\x7e]+$/,
  traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
};

/** What is wrong with the headers of a delivery by the gateway's contract: `{name} missing` or `{name} malformed`. */
export function headerFaults(headers: IncomingHttpHeaders): string[] {
  const required = Object.entries(REQUIRED).flatMap(([name, form]) => {
    const value = headers[name];
    return value === undefined ? [`${name} missing`] : malformed(name, value, form);
  });
  const optional = Object.entries(OPTIONAL).flatMap(([name, form]) => {
    const value = headers[name];
    return value === undefined ? [] : malformed(name, value, form);
  });
  return [...required, ...optional, ...disagreements(headers)];
}

function malformed(name: string, value: string | string[], form: RegExp): string[] {
  return typeof value === 'string' && form.test(value) ? [] : [`${name} malformed`];
}

function disagreements(headers: IncomingHttpHeaders): string[] {
  const faults = [];
  if (headers['webhook-id'] !== headers['ce-id']) faults.push('webhook-id differs from ce-id');
  const source = String(headers['ce-source']);
  if (!source.startsWith(`/organizations/${headers['ce-organization']}/`)) {
    faults.push('ce-source is not of ce-organization');
  }
  return faults;
}

/** Reads headers that `headerFaults` found nothing wrong with. */
export function readEventHeaders(headers: IncomingHttpHeaders): EventHeaders {
  const text = (name: string) => String(headers[name] ?? '');
  const [, , organization = '', , source = ''] = text('ce-source').split('/');
  return {
    ceId: text('ce-id'),
    organization,
    source,
    type: text('ce-type'),
    subject: headers['ce-subject'] === undefined ? undefined : decode(text('ce-subject')),
    attempt: Number(text('ce-attempt')),
    replay: text('ce-replay') === 'true',
    auditseq: Number(text('ce-auditseq')),
    audithash: text('ce-audithash'),
  };
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
