import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InboundOutcome, InboundRequest } from '../../../src/inbound/outcome.ts';
import { newEventId } from '../../../src/kernel/ids.ts';
import { startEdge } from './edge.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function recorder(): {
  seen: InboundRequest[];
  receive: (request: InboundRequest) => Promise<InboundOutcome>;
} {
  const seen: InboundRequest[] = [];
  const receive = async (request: InboundRequest): Promise<InboundOutcome> => {
    seen.push(request);
    return {
      kind: 'accepted',
      eventId: newEventId(Date.now()),
      acknowledgement: { status: 200, body: 'bundle' },
    };
  };
  return { seen, receive };
}

describe('a webhook request', () => {
  it('reaches the inbound flow as it was sent', async (test) => {
    const { seen, receive } = recorder();
    const edge = await startEdge(test, { receive });
    const body = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xe9, 0x00, 0x7d]);
    const headers = { 'X-Request-Id': 'a.b:c@1', traceparent: TRACE, 'x-forwarded-for': '203.0.113.9' };
    await fetch(`${edge.url}/webhooks/mercy/ehr/Patient/p%201?a=%20b`, { method: 'PUT', body, headers });
    const [request] = seen;
    assert.ok(request);
    assert.deepEqual(request.body, body);
    const { organization, source, resourceType, resourceId, method, target, requestId, traceParent } =
      request;
    assert.deepEqual(
      { organization, source, resourceType, resourceId, method, target, requestId, traceParent },
      {
        organization: 'mercy',
        source: 'ehr',
        resourceType: 'Patient',
        resourceId: 'p 1',
        method: 'PUT',
        target: '/webhooks/mercy/ehr/Patient/p%201?a=%20b',
        requestId: 'a.b:c@1',
        traceParent: TRACE,
      },
    );
    assert.equal(request.clientAddress, '127.0.0.1');
    assert.ok(request.rawHeaders.length >= 8 && request.rawHeaders.length % 2 === 0);
  });

  it('may have no body', async (test) => {
    const { seen, receive } = recorder();
    const edge = await startEdge(test, { receive });
    assert.equal((await fetch(`${edge.url}/webhooks/mercy/ehr`, { method: 'POST' })).status, 200);
    assert.equal((await fetch(`${edge.url}/webhooks/mercy/ehr/Patient/1`, { method: 'DELETE' })).status, 200);
    assert.deepEqual(
      seen.map(({ body, resourceId }) => [body.length, resourceId]),
      [
        [0, undefined],
        [0, '1'],
      ],
    );
  });

  it('gets a new id where the caller gives none that is well-formed, and drops a malformed trace', async (test) => {
    const { seen, receive } = recorder();
    const edge = await startEdge(test, { receive });
    for (const id of ['', 'has space', 'semi;colon', 'x'.repeat(129)]) {
      const headers = { 'x-request-id': id, traceparent: TRACE.toUpperCase() };
      const answer = await fetch(`${edge.url}/webhooks/mercy/ehr`, { method: 'POST', headers });
      assert.match(answer.headers.get('x-request-id') ?? '', UUID);
    }
    assert.ok(seen.every(({ requestId, traceParent }) => UUID.test(requestId) && traceParent === undefined));
  });

  it('with a method no profile takes is refused alike for every source, and reaches nobody', async (test) => {
    const { seen, receive } = recorder();
    const edge = await startEdge(test, { receive });
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PATCH']) {
      for (const path of ['/webhooks/mercy/ehr', '/webhooks/no-such/source/Patient/1']) {
        const answer = await fetch(`${edge.url}${path}`, { method });
        assert.equal(answer.status, 405);
        assert.equal(answer.headers.get('allow'), 'POST, PUT, DELETE');
        await answer.arrayBuffer();
      }
    }
    assert.equal(seen.length, 0);
  });

  it('leaves one log line and its measurements', async (test) => {
    const { receive } = recorder();
    const edge = await startEdge(test, { receive });
    const answer = await fetch(`${edge.url}/webhooks/mercy/ehr`, { method: 'POST', body: '{"a":1}' });
    const { level, message, fields } = await edge.nextLine();
    assert.deepEqual([level, message], ['info', 'request']);
    const { duration_ms, ...rest } = fields;
    assert.equal(typeof duration_ms, 'number');
    assert.deepEqual(rest, {
      method: 'POST',
      route: '/webhooks/:org/:source',
      status: 200,
      outcome: 'accepted',
      bytes: 7,
      request_id: answer.headers.get('x-request-id'),
      event_id: answer.headers.get('portcullis-event-id'),
      organization: 'mercy',
      source: 'ehr',
    });
    const text = await edge.metrics.text();
    const series =
      'portcullis_inbound_requests_total{organization="mercy",source="ehr",outcome="accepted"} 1';
    assert.ok(text.includes(series));
    assert.match(text, /^portcullis_inbound_accept_duration_seconds_count 1$/m);
    assert.match(text, /^portcullis_inbound_body_bytes_total 7$/m);
  });

  it('that is not authentic makes no series and no log field of its own', async (test) => {
    const edge = await startEdge(test);
    for (const source of ['a', 'b', 'c']) {
      await fetch(`${edge.url}/webhooks/stranger/${source}`, { method: 'POST', body: '{}' });
      assert.doesNotMatch(JSON.stringify(await edge.nextLine()), /stranger/);
    }
    const text = await edge.metrics.text();
    assert.doesNotMatch(text, /stranger/);
    assert.ok(
      text.includes(
        'portcullis_inbound_requests_total{organization="",source="",outcome="unauthenticated"} 3',
      ),
    );
  });
});

describe('every answer', () => {
  const PATHS = [
    '/health/live',
    '/health/ready',
    '/metrics',
    '/nothing-here',
    '/webhooks/a/b',
    '/webhooks/%/b',
  ];

  it('carries a request id and the security headers, and does not name the server', async (test) => {
    const edge = await startEdge(test);
    for (const path of PATHS) {
      const answer = await fetch(`${edge.url}${path}`);
      await answer.arrayBuffer();
      assert.match(answer.headers.get('x-request-id') ?? '', UUID, path);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age=31536000/);
      assert.equal(answer.headers.get('x-powered-by'), null);
      assert.equal(answer.headers.get('etag'), null);
    }
  });

  it('to an unknown path is problem details outside the webhooks, an OperationOutcome inside', async (test) => {
    const edge = await startEdge(test);
    const outside = await fetch(`${edge.url}/nothing-here`, { method: 'POST', body: '{}' });
    assert.equal(outside.headers.get('content-type'), 'application/problem+json');
    assert.deepEqual(await outside.json(), {
      type: 'about:blank',
      title: 'there is nothing at this path',
      status: 404,
      code: 'not-found',
    });
    const inside = await fetch(`${edge.url}/webhooks/only-org`, { method: 'POST', body: '{}' });
    assert.equal(inside.status, 404);
    assert.equal(inside.headers.get('content-type'), 'application/fhir+json');
  });

  it('distinguishes upper and lower case in paths', async (test) => {
    const edge = await startEdge(test);
    assert.equal((await fetch(`${edge.url}/Webhooks/a/b`, { method: 'POST' })).status, 404);
    assert.equal((await fetch(`${edge.url}/HEALTH/live`)).status, 404);
  });
});

describe('health and metrics', () => {
  it('tell whether traffic should be sent here, and why not', async (test) => {
    let reasons = ['journal-failed'];
    const readiness = () => ({ ready: reasons.length === 0, reasons, warnings: ['core-breaker-open'] });
    const edge = await startEdge(test, { readiness });
    const unready = await fetch(`${edge.url}/health/ready`);
    assert.equal(unready.status, 503);
    const warnings = ['core-breaker-open'];
    assert.deepEqual(await unready.json(), { status: 'unready', reasons: ['journal-failed'], warnings });
    assert.equal((await fetch(`${edge.url}/health/live`)).status, 200);
    reasons = [];
    const ready = await fetch(`${edge.url}/health/ready`);
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), { status: 'ready', reasons: [], warnings });
  });

  it('may be read, not written', async (test) => {
    const edge = await startEdge(test);
    for (const path of ['/health/live', '/health/ready', '/metrics']) {
      const post = await fetch(`${edge.url}${path}`, { method: 'POST', body: 'x' });
      assert.equal(post.status, 405);
      assert.equal(post.headers.get('allow'), 'GET, HEAD');
      const headOnly = await fetch(`${edge.url}${path}`, { method: 'HEAD' });
      assert.equal(headOnly.status, 200);
    }
  });

  it('are scraped in the Prometheus text format', async (test) => {
    const edge = await startEdge(test);
    const answer = await fetch(`${edge.url}/metrics`);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    assert.match(text, /^portcullis_http_requests_in_flight 1$/m);
    assert.match(text, /^nodejs_eventloop_lag_seconds /m);
  });
});
