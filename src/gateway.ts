import type { RefusalLog } from './audit/refusal-log.ts';
import type { ConfigSnapshot } from './config/types.ts';
import type { Forwarder } from './forwarding/forwarder.ts';
import type { GatewayServer } from './http/server.ts';
import type { ListenAddress } from './http/settings.ts';
import { Cleanup } from './kernel/cleanup.ts';
import { SECOND } from './kernel/clock.ts';
import { errorCode } from './kernel/errors.ts';
import { GATEWAY_SCOPE } from './kernel/ids.ts';
import type { Log } from './kernel/log.ts';
import type { JournalHealth } from './observation.ts';
import type { CircuitBreaker } from './resilience/circuit-breaker.ts';
import type { JournalClient } from './storage/journal/sqlite/journal-client.ts';
import { PRODUCT_VERSION } from './version.ts';

const REFUSAL_FLUSH_MS = 10 * SECOND;

export interface GatewayParts {
  readonly server: GatewayServer;
  readonly forwarder: Forwarder;
  readonly refusals: RefusalLog;
  readonly journal: JournalClient;
  readonly coreClient: { close(): Promise<void> };
  readonly breaker: CircuitBreaker;
  readonly health: JournalHealth;
  /** Gives the journal free for another process. */
  readonly release: () => void;
  readonly log: Log;
  readonly shutdownDeadlineMs: number;
}

/** The running service: starts in order, stops in reverse. */
export class Gateway {
  readonly #parts: GatewayParts;
  readonly #cleanup = new Cleanup();
  /** Rejects when the gateway cannot go on: the process should then end, and be started anew. */
  readonly failed: Promise<never>;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.failed = new Promise((_, reject) => {
      parts.health.onLost = reject;
    });
    this.failed.catch(() => undefined);
  }

  /** @returns the address that requests are taken at. @throws Error when it cannot be taken; then everything is closed. */
  async start(): Promise<ListenAddress> {
    const { server, forwarder, refusals, journal, coreClient, breaker, release, log, shutdownDeadlineMs } =
      this.#parts;
    const cleanup = this.#cleanup;
    cleanup.add('journal lock', release);
    cleanup.add('journal', () => journal.close());
    cleanup.add('core platform client', () => coreClient.close());
    cleanup.add('breaker', () => breaker.close());
    try {
      await this.#audit('gateway.start');
      cleanup.add('audit', () => this.#audit('gateway.stop'));
      forwarder.start();
      cleanup.add('forwarder', () => forwarder.stop(shutdownDeadlineMs / 2));
      const flush = setInterval(() => {
        refusals
          .flush()
          .catch((error) => log.error('refusals could not be audited yet', { code: errorCode(error) }));
      }, REFUSAL_FLUSH_MS);
      flush.unref();
      cleanup.add('refusal log', () => {
        clearInterval(flush);
        return refusals.flush();
      });
      const address = await server.listen();
      cleanup.add('server', () => server.close(shutdownDeadlineMs / 2));
      return address;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Takes over what a new configuration changed besides the sources, which are looked up in the snapshot in force. */
  async reloaded(snapshot: ConfigSnapshot, restartNeeded: readonly string[]): Promise<void> {
    await this.#parts.journal.prepare(snapshot.config.organizations.map(({ id }) => id));
    await this.#parts.journal.append(GATEWAY_SCOPE, {
      action: 'config.reload',
      actor: 'gateway',
      target: 'config',
      outcome: 'success',
      detail: { restartNeeded },
    });
  }

  /** A reload that was refused is an event for the audit log, too. */
  async reloadRefused(problems: number): Promise<void> {
    await this.#parts.journal.append(GATEWAY_SCOPE, {
      action: 'config.reload',
      actor: 'gateway',
      target: 'config',
      outcome: 'failure',
      reason: 'config-invalid',
      detail: { problems },
    });
  }

  /** Stops taking requests, finishes commits, drains deliveries within the deadline, closes everything. */
  async stop(): Promise<void> {
    await this.#cleanup.run();
  }

  #audit(action: 'gateway.start' | 'gateway.stop'): Promise<void> {
    const detail = { version: PRODUCT_VERSION };
    return this.#parts.journal.append(GATEWAY_SCOPE, {
      action,
      actor: 'gateway',
      target: 'gateway',
      outcome: 'success',
      detail,
    });
  }
}
