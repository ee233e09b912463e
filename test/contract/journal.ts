import { suite } from 'node:test';
import { acceptContract } from './accept-port.ts';
import { auditContract } from './audit-port.ts';
import { deliveryModelContract } from './delivery-model.ts';
import { deliveryContract } from './delivery-port.ts';
import type { JournalAdapter } from './harness.ts';
import { replayContract } from './replay-port.ts';

/** What every journal must do, whatever it stands on: one suite per port, run on each adapter. */
export function journalContract(name: string, open: JournalAdapter): void {
  suite(`${name}: AcceptPort`, () => acceptContract(open));
  suite(`${name}: DeliveryPort`, () => deliveryContract(open));
  suite(`${name}: DeliveryPort against its model`, () => deliveryModelContract(open));
  suite(`${name}: AuditPort`, () => auditContract(open));
  suite(`${name}: ReplayPort`, () => replayContract(open));
}
