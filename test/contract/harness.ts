import type { TestContext } from 'node:test';
import type { AuditPort } from '../../src/audit/refusal-log.ts';
import type { DeliveryPort } from '../../src/forwarding/ports.ts';
import type { ReplayPort } from '../../src/forwarding/replay.ts';
import type { AcceptPort } from '../../src/inbound/ports.ts';
import type { DeliveryState } from '../../src/kernel/event.ts';
import type { EventId, OrganizationId } from '../../src/kernel/ids.ts';
import type { StoredChain } from '../support/audit-chain.ts';
import type { TestClock } from '../support/test-clock.ts';

export interface JournalLimits {
  readonly dedupeDays: number;
  readonly maxBacklog: number;
  readonly minFreeBytes: number;
}

export interface StoredEvent {
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly replay: boolean;
  readonly lastStatus: number | undefined;
  readonly reason: string | undefined;
}

/** One journal, reached through its ports, and what a test must see of it from behind. */
export interface JournalHarness {
  readonly clock: TestClock;
  /** The journal as the gateway holds it; another one after `reopen`. */
  readonly journal: AcceptPort & DeliveryPort & AuditPort & ReplayPort;
  /** Closes it in order and opens it again, as a restart does. */
  reopen(changes?: Partial<JournalLimits>): Promise<void>;
  /** Before the end of the test, for tests that open many. */
  close(): Promise<void>;
  chain(organization: OrganizationId): Promise<StoredChain>;
  event(organization: OrganizationId, id: EventId): Promise<StoredEvent | undefined>;
  countEvents(organization: OrganizationId): Promise<number>;
  /** Alters one byte of what is sealed of an event, behind the journal's back. */
  damage(id: EventId): Promise<void>;
}

/** Makes an empty journal that is gone after the test. */
export type JournalAdapter = (t: TestContext, limits?: Partial<JournalLimits>) => Promise<JournalHarness>;
