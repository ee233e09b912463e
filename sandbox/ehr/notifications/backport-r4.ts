import type * as r4 from 'fhir/r4';
import { changeEntries, statusEntry } from './history-entry.ts';
import {
  focusOf,
  type NotificationContent,
  type SubscriptionEvent,
  subscriptionStatus,
  subscriptionUrl,
} from './types.ts';

const PROFILES = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';

/**
 * A notification as the Subscriptions R5 Backport guide defines it for R4: a history Bundle whose first entry is a
 * Parameters resource (profile backport-subscription-status-r4); its counters are strings.
 */
export function backportR4(content: NotificationContent<r4.FhirResource>): r4.Bundle<r4.FhirResource> {
  return {
    resourceType: 'Bundle',
    id: content.id,
    meta: { profile: [`${PROFILES}/backport-subscription-notification-r4`] },
    type: 'history',
    timestamp: content.at,
    entry: [
      statusEntry<r4.FhirResource, r4.FhirResource>(statusParameters(content), content),
      ...changeEntries(content),
    ],
  };
}

function statusParameters(content: NotificationContent<r4.FhirResource>): r4.Parameters {
  return {
    resourceType: 'Parameters',
    id: content.statusId,
    meta: { profile: [`${PROFILES}/backport-subscription-status-r4`] },
    parameter: [
      { name: 'subscription', valueReference: { reference: subscriptionUrl(content.subscription) } },
      { name: 'topic', valueCanonical: content.subscription.topic },
      { name: 'status', valueCode: subscriptionStatus(content.kind) },
      { name: 'type', valueCode: content.kind },
      { name: 'events-since-subscription-start', valueString: String(content.eventsSinceStart) },
      ...content.events.map((event) => eventParameter(event, content.content !== 'empty')),
    ],
  };
}

function eventParameter(
  event: SubscriptionEvent<r4.FhirResource>,
  withFocus: boolean,
): r4.ParametersParameter {
  return {
    name: 'notification-event',
    part: [
      { name: 'event-number', valueString: String(event.number) },
      { name: 'timestamp', valueInstant: event.change.at },
      ...(withFocus ? [{ name: 'focus', valueReference: { reference: focusOf(event.change) } }] : []),
    ],
  };
}
