import type { ClaimedDelivery, DeliveryPort, DeliverySettlement } from '../../src/forwarding/ports.ts';
import type { EventId } from '../../src/kernel/ids.ts';

const PLENTY = { count: 1_000, bytes: Number.MAX_SAFE_INTEGER };

export async function claimAll(journal: DeliveryPort, limits: Partial<typeof PLENTY> = {}) {
  const { deliveries } = await journal.claim({ ...PLENTY, ...limits });
  return deliveries;
}

export async function claimIds(
  journal: DeliveryPort,
  limits: Partial<typeof PLENTY> = {},
): Promise<EventId[]> {
  return (await claimAll(journal, limits)).map(({ summary }) => summary.id);
}

/** Claims everything due and expects it to be exactly one delivery. */
export async function claimOne(journal: DeliveryPort): Promise<ClaimedDelivery> {
  const deliveries = await claimAll(journal);
  const [only] = deliveries;
  if (only === undefined || deliveries.length !== 1) throw new Error(`claimed ${deliveries.length}, not one`);
  return only;
}

export function delivered(event: EventId, attempt = 1): DeliverySettlement {
  return { kind: 'delivered', event, attempt, status: 204, durationMs: 3 };
}

export function dead(event: EventId, attempt = 1, reason = 'status-400'): DeliverySettlement {
  return { kind: 'dead', event, attempt, status: 400, durationMs: 3, reason };
}

export function retry(event: EventId, dueAt: number, attempt = 1, spendsBudget = true): DeliverySettlement {
  return {
    kind: 'retry',
    event,
    attempt,
    status: 503,
    durationMs: 3,
    reason: 'status-503',
    dueAt,
    spendsBudget,
  };
}
