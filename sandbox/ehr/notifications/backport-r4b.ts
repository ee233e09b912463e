import type * as r4b from 'fhir/r4b';
import { changeEntries, statusEntry } from './history-entry.ts';
import { subscriptionStatusResource } from './subscription-status.ts';
import type { NotificationContent } from './types.ts';

const PROFILE =
  'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-notification';

/** A notification as the Subscriptions R5 Backport guide defines it for R4B: a history Bundle, SubscriptionStatus first. */
export function backportR4b(content: NotificationContent<r4b.FhirResource>): r4b.Bundle<r4b.FhirResource> {
  const status: r4b.FhirResource = subscriptionStatusResource(content);
  return {
    resourceType: 'Bundle',
    id: content.id,
    meta: { profile: [PROFILE] },
    type: 'history',
    timestamp: content.at,
    entry: [statusEntry(status, content), ...changeEntries(content)],
  };
}
