import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

async function series(metrics: { text(): Promise<string> }): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('portcullis_'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('metrics', () => {
  it('expose what was recorded, once, however often they are scraped', async () => {
    const metrics = createMetrics();
    const source = { organization: 'mercy', source: 'ehr' };
    metrics.http.inboundRequest({ outcome: 'accepted', source, durationMs: 3, bodyBytes: 100 });
    metrics.http.inboundRequest({ outcome: 'accepted', source, durationMs: 30, bodyBytes: 50 });
    metrics.http.inboundRequest({
      outcome: 'unauthenticated',
      source: undefined,
      durationMs: 1,
      bodyBytes: 7,
    });
    metrics.http.requestStarted();
    metrics.http.requestStarted();
    metrics.http.requestFinished();
    metrics.http.clientError('request-malformed');
    metrics.http.connectionDropped();
    await series(metrics);
    const now = await series(metrics);
    const requests = 'portcullis_inbound_requests_total';
    assert.equal(now.get(`${requests}{organization="mercy",source="ehr",outcome="accepted"}`), 2);
    assert.equal(now.get(`${requests}{organization="",source="",outcome="unauthenticated"}`), 1);
    assert.equal(now.get('portcullis_inbound_body_bytes_total'), 157);
    assert.equal(now.get('portcullis_inbound_accept_duration_seconds_count'), 2);
    assert.equal(now.get('portcullis_inbound_accept_duration_seconds_bucket{le="0.005"}'), 1);
    assert.equal(now.get('portcullis_http_requests_in_flight'), 1);
    assert.equal(now.get('portcullis_http_client_errors_total{reason="request-malformed"}'), 1);
    assert.equal(now.get('portcullis_http_connections_dropped_total'), 1);
  });

  it('tell of forwarding, journal, audit and secrets', async () => {
    const metrics = createMetrics();
    metrics.forwarding.attempt('delivered', '2xx', 20);
    metrics.forwarding.attempt('retry', '5xx', 20);
    metrics.forwarding.inFlight(4);
    metrics.forwarding.breaker('open');
    metrics.journal.backlog(12);
    metrics.journal.commit(30, 4);
    metrics.journal.walBytes(4096);
    metrics.audit.refusalsCollapsed(9);
    metrics.secrets.matched({ organization: 'mercy', source: 'ehr' }, 'k1', 1_700_000_000_000);
    metrics.secrets.matched({ organization: 'mercy', source: 'ehr' }, 'k1', 1_700_000_060_000);
    const now = await series(metrics);
    assert.equal(now.get('portcullis_forward_attempts_total{kind="retry",reason="5xx"}'), 1);
    assert.equal(now.get('portcullis_forward_duration_seconds_count'), 2);
    assert.equal(now.get('portcullis_forward_in_flight'), 4);
    assert.equal(now.get('portcullis_core_breaker_state{state="open"}'), 1);
    assert.equal(now.get('portcullis_core_breaker_state{state="closed"}'), 0);
    assert.equal(now.get('portcullis_backlog_events'), 12);
    assert.equal(now.get('portcullis_journal_commit_operations_bucket{le="32"}'), 1);
    assert.equal(now.get('portcullis_journal_wal_bytes'), 4096);
    assert.equal(now.get('portcullis_audit_refusals_collapsed_total'), 9);
    const matched =
      'portcullis_secret_last_matched_timestamp_seconds{organization="mercy",source="ehr",key="k1"}';
    assert.equal(now.get(matched), 1_700_000_060);
  });

  it('start from zero in every registry', async () => {
    const first = createMetrics();
    first.http.connectionDropped();
    const second = await series(createMetrics());
    assert.equal(second.get('portcullis_http_connections_dropped_total'), 0);
    assert.equal(second.get('portcullis_core_breaker_state{state="closed"}'), 1);
  });
});
