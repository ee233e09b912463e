import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const ACCEPT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];
const FORWARD_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const COMMIT_SIZE_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const COMMIT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1];
const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;

export type BreakerState = (typeof BREAKER_STATES)[number];

/** Labels of a source, given only where a request was proven to come from it: strangers cannot make new series. */
interface SourceLabels {
  readonly organization: string;
  readonly source: string;
}

/** Everything this process counts. Durations are given in milliseconds and exposed in seconds. */
export interface Metrics {
  readonly http: HttpRecorder;
  readonly forwarding: ForwardingRecorder;
  readonly journal: JournalRecorder;
  readonly audit: { refusalsCollapsed(count: number): void };
  readonly secrets: { matched(source: SourceLabels, keyId: string, epochMs: number): void };
  /** Media type of `text()`. */
  readonly contentType: string;
  /** All of it in the Prometheus text exposition format. */
  text(): Promise<string>;
}

export interface HttpRecorder {
  requestStarted(): void;
  requestFinished(): void;
  inboundRequest(request: {
    readonly outcome: string;
    readonly source: SourceLabels | undefined;
    readonly durationMs: number;
    readonly bodyBytes: number;
  }): void;
  clientError(reason: string): void;
  connectionDropped(): void;
  readonly contentType: string;
  text(): Promise<string>;
}

export interface ForwardingRecorder {
  /** @param reason a status class or a stable error code, never a text of the other side. */
  attempt(kind: 'delivered' | 'retry' | 'dead', reason: string, durationMs: number): void;
  inFlight(count: number): void;
  breaker(state: BreakerState): void;
}

export interface JournalRecorder {
  /** Events accepted and not yet settled. */
  backlog(events: number): void;
  commit(operations: number, durationMs: number): void;
  walBytes(bytes: number): void;
}

/** @returns recorders bound to a registry of their own; two of them never share a series. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const exposition = { contentType: registry.contentType, text: () => registry.metrics() };
  return {
    ...exposition,
    http: { ...httpRecorder(registry), ...exposition },
    forwarding: forwardingRecorder(registry),
    journal: journalRecorder(registry),
    audit: auditRecorder(registry),
    secrets: secretRecorder(registry),
  };
}

function httpRecorder(registry: Registry): Omit<HttpRecorder, 'contentType' | 'text'> {
  const requests = new CountedSeries(registry, {
    name: 'portcullis_inbound_requests_total',
    help: 'Webhook requests by outcome; organization and source are empty unless the request was authentic.',
    labelNames: ['organization', 'source', 'outcome'],
  });
  const bodyBytes = new CountedSeries(registry, {
    name: 'portcullis_inbound_body_bytes_total',
    help: 'Bytes of webhook bodies that were read completely.',
  });
  const accept = histogram(registry, {
    name: 'portcullis_inbound_accept_duration_seconds',
    help: 'From the headers of a webhook to the end of its answer, accepted and duplicate ones.',
    buckets: ACCEPT_BUCKETS,
  });
  const clientErrors = new CountedSeries(registry, {
    name: 'portcullis_http_client_errors_total',
    help: 'Connections refused by the HTTP parser or its time limits, by reason.',
    labelNames: ['reason'],
  });
  const dropped = new CountedSeries(registry, {
    name: 'portcullis_http_connections_dropped_total',
    help: 'Connections dropped because there were too many.',
  });
  const inFlight = levelGauge(registry, 'portcullis_http_requests_in_flight', 'Requests being answered.');
  return {
    requestStarted: () => inFlight.add(1),
    requestFinished: () => inFlight.add(-1),
    inboundRequest: ({ outcome, source, durationMs, bodyBytes: bytes }) => {
      requests.add(1, source?.organization ?? '', source?.source ?? '', outcome);
      bodyBytes.add(bytes);
      if (outcome === 'accepted' || outcome === 'duplicate') accept.observe(durationMs / 1_000);
    },
    clientError: (reason) => clientErrors.add(1, reason),
    connectionDropped: () => dropped.add(1),
  };
}

function forwardingRecorder(registry: Registry): ForwardingRecorder {
  const attempts = new CountedSeries(registry, {
    name: 'portcullis_forward_attempts_total',
    help: 'Attempts to deliver an event to the core platform, by what became of them and why.',
    labelNames: ['kind', 'reason'],
  });
  const duration = histogram(registry, {
    name: 'portcullis_forward_duration_seconds',
    help: 'Duration of one attempt to deliver.',
    buckets: FORWARD_BUCKETS,
  });
  const inFlight = levelGauge(registry, 'portcullis_forward_in_flight', 'Attempts under way.');
  const breaker = new Gauge({
    name: 'portcullis_core_breaker_state',
    help: 'State of the breaker around the core platform: 1 for the state it is in.',
    labelNames: ['state'],
    registers: [registry],
  });
  const recorder: ForwardingRecorder = {
    attempt: (kind, reason, durationMs) => {
      attempts.add(1, kind, reason);
      duration.observe(durationMs / 1_000);
    },
    inFlight: (count) => inFlight.set(count),
    breaker: (current) => {
      for (const state of BREAKER_STATES) breaker.set({ state }, state === current ? 1 : 0);
    },
  };
  recorder.breaker('closed');
  return recorder;
}

function journalRecorder(registry: Registry): JournalRecorder {
  const backlog = levelGauge(registry, 'portcullis_backlog_events', 'Events accepted and not yet settled.');
  const wal = levelGauge(registry, 'portcullis_journal_wal_bytes', 'Size of the write-ahead log.');
  const size = histogram(registry, {
    name: 'portcullis_journal_commit_operations',
    help: 'Operations in one durable commit.',
    buckets: COMMIT_SIZE_BUCKETS,
  });
  const duration = histogram(registry, {
    name: 'portcullis_journal_commit_duration_seconds',
    help: 'Duration of one durable commit.',
    buckets: COMMIT_BUCKETS,
  });
  return {
    backlog: (events) => backlog.set(events),
    commit: (operations, durationMs) => {
      size.observe(operations);
      duration.observe(durationMs / 1_000);
    },
    walBytes: (bytes) => wal.set(bytes),
  };
}

function auditRecorder(registry: Registry): Metrics['audit'] {
  const collapsed = new CountedSeries(registry, {
    name: 'portcullis_audit_refusals_collapsed_total',
    help: 'Refusals counted in a collapsed audit record instead of one of their own.',
  });
  return { refusalsCollapsed: (count) => collapsed.add(count) };
}

function secretRecorder(registry: Registry): Metrics['secrets'] {
  const lastMatched = new CountedSeries(registry, {
    name: 'portcullis_secret_last_matched_timestamp_seconds',
    help: 'When a secret last matched a signature: an old one that no longer does can be retired.',
    labelNames: ['organization', 'source', 'key'],
    gauge: true,
  });
  return {
    matched: ({ organization, source }, keyId, epochMs) =>
      lastMatched.set(epochMs / 1_000, organization, source, keyId),
  };
}

interface SeriesOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly gauge?: boolean;
}

/**
 * Counts in plain numbers and fills the metric in only when it is scraped: on the accept path an addition, where the
 * library would hash the labels each time.
 */
class CountedSeries {
  readonly #labelNames: readonly string[];
  readonly #cells = new Map<string, { readonly labels: Record<string, string>; value: number }>();

  constructor(registry: Registry, { name, help, labelNames = [], gauge = false }: SeriesOptions) {
    this.#labelNames = labelNames;
    if (labelNames.length === 0) this.#cell([]);
    const collect = (metric: Counter | Gauge) => {
      metric.reset();
      for (const { labels, value } of this.#cells.values()) metric.inc(labels, value);
    };
    const shared = { name, help, labelNames: [...labelNames], registers: [registry] };
    if (gauge)
      new Gauge({
        ...shared,
        collect() {
          collect(this);
        },
      });
    else
      new Counter({
        ...shared,
        collect() {
          collect(this);
        },
      });
  }

  add(amount: number, ...labelValues: string[]): void {
    this.#cell(labelValues).value += amount;
  }

  set(value: number, ...labelValues: string[]): void {
    this.#cell(labelValues).value = value;
  }

  #cell(labelValues: readonly string[]): { value: number } {
    const key = labelValues.join('\n');
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    const labels = Object.fromEntries(this.#labelNames.map((name, at) => [name, labelValues[at] ?? '']));
    const cell = { labels, value: 0 };
    this.#cells.set(key, cell);
    return cell;
  }
}

function levelGauge(registry: Registry, name: string, help: string): CountedSeries {
  return new CountedSeries(registry, { name, help, gauge: true });
}

function histogram(registry: Registry, shape: { name: string; help: string; buckets: number[] }): Histogram {
  return new Histogram({ ...shape, registers: [registry] });
}
