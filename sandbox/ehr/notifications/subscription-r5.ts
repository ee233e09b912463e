import type * as r5 from 'fhir/r5';
import { changeEntries, statusEntry } from './history-entry.ts';
import { subscriptionStatusResource } from './subscription-status.ts';
import type { NotificationContent } from './types.ts';

/** A notification of FHIR R5: Bundle of type subscription-notification, SubscriptionStatus first, no entry.response. */
export function subscriptionR5(content: NotificationContent<r5.FhirResource>): r5.Bundle<r5.FhirResource> {
  const status: r5.FhirResource = subscriptionStatusResource(content);
  return {
    resourceType: 'Bundle',
    id: content.id,
    type: 'subscription-notification',
    timestamp: content.at,
    entry: [statusEntry(status, content), ...changeEntries(content)].map(
      ({ response: _absent, ...entry }) => entry,
    ),
  };
}
