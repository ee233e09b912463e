import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InboundOutcome } from '../../../src/inbound/outcome.ts';
import { GatewayError } from '../../../src/kernel/errors.ts';
import { newEventId } from '../../../src/kernel/ids.ts';
import { startEdge } from './edge.ts';

const eventId = newEventId(1_700_000_000_000);
const BUNDLE = '{"resourceType":"Bundle","type":"transaction-response"}';

interface Row {
  readonly outcome: InboundOutcome;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: RegExp;
}

const TABLE: Readonly<Record<string, Row>> = {
  'an acceptance': {
    outcome: { kind: 'accepted', eventId, acknowledgement: { status: 200, body: 'bundle' } },
    status: 200,
    headers: {
      'content-type': 'application/fhir+json',
      'portcullis-event-id': eventId,
      'portcullis-duplicate': null,
    },
    body: new RegExp(`^${BUNDLE}$`),
  },
  'an acceptance as a profile wants it': {
    outcome: { kind: 'accepted', eventId, acknowledgement: { status: 202, body: 'none' } },
    status: 202,
    headers: { 'content-type': null, 'portcullis-event-id': eventId },
    body: /^$/,
  },
  'an acceptance without content': {
    outcome: { kind: 'accepted', eventId, acknowledgement: { status: 204, body: 'none' } },
    status: 204,
    headers: { 'content-type': null, 'content-length': null, 'portcullis-event-id': eventId },
    body: /^$/,
  },
  'a duplicate': {
    outcome: { kind: 'duplicate', eventId, acknowledgement: { status: 200, body: 'bundle' } },
    status: 200,
    headers: { 'portcullis-event-id': eventId, 'portcullis-duplicate': 'true' },
    body: new RegExp(`^${BUNDLE}$`),
  },
  'what is not authentic': {
    outcome: { kind: 'unauthenticated' },
    status: 401,
    headers: { 'www-authenticate': 'Signature realm="webhooks"' },
    body: /"code":"security"/,
  },
  'a method the source does not use': {
    outcome: { kind: 'method-not-allowed', allow: ['POST', 'PUT'] },
    status: 405,
    headers: { allow: 'POST, PUT' },
    body: /"code":"not-supported"/,
  },
  'a media type the source does not use': {
    outcome: { kind: 'unsupported-media-type', accepts: ['application/fhir+json', 'application/json'] },
    status: 415,
    headers: { 'accept-post': 'application/fhir+json, application/json' },
    body: /"code":"not-supported"/,
  },
  'a conflict': { outcome: { kind: 'conflict' }, status: 409, body: /"code":"conflict"/ },
  'an invalid notification': {
    outcome: {
      kind: 'invalid',
      findings: [{ code: 'focus-missing', severity: 'error', path: 'Bundle.entry[0].resource' }],
    },
    status: 422,
    body: /"severity":"error".*"text":"focus-missing".*"expression":\["Bundle\.entry\[0\]\.resource"\]/,
  },
  'a journal that cannot commit': {
    outcome: { kind: 'unavailable', code: 'journal-failed', retryAfterSeconds: 4.2 },
    status: 503,
    headers: { 'retry-after': '5' },
    body: /"code":"transient"/,
  },
  'a rate limit': {
    outcome: { kind: 'unavailable', code: 'rate-limited', retryAfterSeconds: 0 },
    status: 429,
    headers: { 'retry-after': '1' },
    body: /"code":"throttled"/,
  },
};

describe('the answer to', () => {
  for (const [name, { outcome, status, headers = {}, body = /^/ }] of Object.entries(TABLE)) {
    it(name, async (test) => {
      const edge = await startEdge(test, { receive: async () => outcome });
      const answer = await fetch(`${edge.url}/webhooks/mercy/ehr`, { method: 'POST', body: '{}' });
      assert.equal(answer.status, status);
      for (const [header, value] of Object.entries(headers))
        assert.equal(answer.headers.get(header), value, header);
      const text = await answer.text();
      assert.match(text, body);
      if (status >= 400) assert.equal(JSON.parse(text).resourceType, 'OperationOutcome');
      assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
      const line = await edge.nextLine();
      assert.equal(line.fields.outcome, outcome.kind);
      assert.equal(line.fields.status, status);
    });
  }

  it('an error that says try again', async (test) => {
    const receive = async () => {
      throw new GatewayError('journal-failed', 'retry', 'cannot commit', { retryAfterSeconds: 7 });
    };
    const edge = await startEdge(test, { receive });
    const answer = await fetch(`${edge.url}/webhooks/mercy/ehr`, { method: 'POST', body: '{}' });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '7');
  });

  it('an unexpected error: 500, the request id, and nothing of the error in answer or log', async (test) => {
    const receive = async () => {
      throw Object.assign(new TypeError('patient Jane Roe'), { code: 'ERR_TEST' });
    };
    const edge = await startEdge(test, { receive });
    const answer = await fetch(`${edge.url}/webhooks/mercy/ehr`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-request-id': 'caller-7' },
    });
    assert.equal(answer.status, 500);
    assert.deepEqual(await answer.json(), {
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'fatal',
          code: 'exception',
          details: { text: 'internal error' },
          diagnostics: 'request caller-7',
        },
      ],
    });
    const line = await edge.nextLine();
    assert.equal(line.level, 'error');
    assert.equal(line.fields.error_name, 'TypeError');
    assert.equal(line.fields.error_code, 'ERR_TEST');
    assert.equal(line.fields.request_id, 'caller-7');
    assert.doesNotMatch(JSON.stringify(line), /Jane/);
  });

  it('a request that is not authentic is the same to the byte for every path', async (test) => {
    const edge = await startEdge(test);
    const ask = async (path: string) => {
      const headers = { 'x-request-id': 'fixed' };
      const answer = await fetch(`${edge.url}${path}`, { method: 'POST', body: '{}', headers });
      return [answer.status, [...answer.headers].filter(([name]) => name !== 'date'), await answer.text()];
    };
    assert.deepEqual(await ask('/webhooks/mercy/ehr'), await ask('/webhooks/no-such/source/Patient/1'));
  });
});
