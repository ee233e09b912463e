import type { ClaimedDelivery } from '../../../../src/forwarding/ports.ts';
import type { EventSummary } from '../../../../src/kernel/event.ts';
import {
  newEventId,
  type OrganizationId,
  parseOrganizationId,
  parseRequestId,
  parseSourceId,
  type RequestId,
  type SourceId,
} from '../../../../src/kernel/ids.ts';

export type DeliveryChoices = Partial<Omit<ClaimedDelivery, 'summary' | 'content'>> & {
  readonly summary?: Partial<EventSummary>;
  readonly foci?: readonly string[];
  readonly body?: Buffer;
};

/** A delivery with plain values, those given excepted. */
export function makeDelivery(choices: DeliveryChoices = {}): ClaimedDelivery {
  const { summary, foci = [], body = Buffer.from('{"resourceType":"Patient"}'), ...rest } = choices;
  const receivedAt = summary?.receivedAt ?? Date.now();
  return {
    summary: {
      id: newEventId(receivedAt),
      organization: parseOrganizationId('mercy') as OrganizationId,
      source: parseSourceId('ehr') as SourceId,
      type: 'fhir.resource.changed',
      receivedAt,
      bodyBytes: body.length,
      contentType: 'application/fhir+json',
      fhirVersion: '4.0',
      validation: 'valid',
      requestId: parseRequestId('req-1') as RequestId,
      traceParent: undefined,
      ...summary,
    },
    content: { headers: {}, foci, body },
    attempt: 1,
    spentAttempts: 0,
    replay: false,
    auditSequence: 7,
    auditHash: 'ab'.repeat(32),
    ...rest,
  };
}

export function makeDeliveries(count: number, choices: (index: number) => DeliveryChoices = () => ({})) {
  return Array.from({ length: count }, (_, index) => makeDelivery(choices(index)));
}
