import { RefusalLog } from './audit/refusal-log.ts';
import { createCorePlatformClient } from './clients/core-platform.ts';
import type { ConfigHolder } from './config/config-holder.ts';
import { Forwarder } from './forwarding/forwarder.ts';
import { isUpstreamFault } from './forwarding/verdict.ts';
import { reloadableSigner } from './forwarding/webhook-signer.ts';
import { Gateway } from './gateway.ts';
import { createGatewayServer } from './http/server.ts';
import { InboundGate } from './inbound/inbound-gate.ts';
import { createEnvelopeValidator } from './inbound/validation/envelope-validator.ts';
import { type Clock, steadyClock } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import { forwardingObserver, inboundObserver, JournalHealth, readiness } from './observation.ts';
import { createCircuitBreaker } from './resilience/circuit-breaker.ts';
import { takeOwnership } from './storage/journal/sqlite/database.ts';
import { JournalClient } from './storage/journal/sqlite/journal-client.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Bytes of bodies that the forwarder may hold ahead of sending. */
const PREFETCH_BYTES = 16 * 1024 * 1024;

export interface AppDeps {
  readonly holder: ConfigHolder;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * The wiring, in reading order: journal → forwarding → inbound → HTTP. The only place that knows which adapter stands
 * behind a port.
 * @throws GatewayError when the journal is in use elsewhere or does not open with these keys.
 */
export async function createGateway({ holder, clock, random, log, metrics }: AppDeps): Promise<Gateway> {
  const { config, secrets } = holder.current;
  const { core } = config;
  const release = takeOwnership(config.journal.path);
  const health = new JournalHealth(metrics.journal, config.journal, log);
  const settings = { ...config.journal, masterKeys: secrets.masterKeys };
  const organizations = config.organizations.map(({ id }) => id);
  const schedule = steadyClock(clock, () => performance.now());
  const journal = await JournalClient.open(settings, organizations, clock, health, schedule).catch(
    (error) => {
      release();
      throw error;
    },
  );

  const breaker = createCircuitBreaker({ ...core.breaker, clock, isFault: isUpstreamFault });
  const coreClient = createCorePlatformClient({ ...core, connections: core.concurrency });
  const forwarder = new Forwarder({
    deliveries: journal,
    core: coreClient,
    breaker,
    signer: reloadableSigner(() => holder.current.secrets.coreSigningKey),
    clock,
    schedule,
    random,
    log,
    observer: forwardingObserver(metrics.forwarding),
    settings: { concurrency: core.concurrency, retry: core.retry, prefetchBytes: PREFETCH_BYTES },
  });

  const refusals = new RefusalLog(journal, clock, () => metrics.audit.refusalsCollapsed(1));
  const inbound = new InboundGate({
    sources: () => holder.current.sources,
    journal,
    refusals,
    validate: createEnvelopeValidator(),
    clock,
    observer: inboundObserver(metrics, forwarder),
  });
  const server = createGatewayServer({
    inbound,
    readiness: () => readiness(health, forwarder),
    metrics: metrics.http,
    log,
    clock,
    settings: config.http,
  });
  return new Gateway({
    server,
    forwarder,
    refusals,
    journal,
    coreClient,
    breaker,
    health,
    release,
    log,
    shutdownDeadlineMs: config.http.shutdownDeadlineMs,
  });
}
