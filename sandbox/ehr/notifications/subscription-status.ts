import { focusOf, type NotificationContent, subscriptionStatus, subscriptionUrl } from './types.ts';

/**
 * SubscriptionStatus in the form that R4B and R5 share. Its counters are strings in both: R4B types them so,
 * and R5's integer64 is a string in JSON.
 */
export function subscriptionStatusResource<Resource>(content: NotificationContent<Resource>) {
  const withFocus = content.content !== 'empty';
  const events = content.events.map((event) => ({
    eventNumber: String(event.number),
    timestamp: event.change.at,
    ...(withFocus ? { focus: { reference: focusOf(event.change) } } : {}),
  }));
  return {
    resourceType: 'SubscriptionStatus' as const,
    id: content.statusId,
    status: subscriptionStatus(content.kind),
    type: content.kind,
    eventsSinceSubscriptionStart: String(content.eventsSinceStart),
    ...(events.length > 0 ? { notificationEvent: events } : {}),
    subscription: { reference: subscriptionUrl(content.subscription) },
    topic: content.subscription.topic,
  };
}
