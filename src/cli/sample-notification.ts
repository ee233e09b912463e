import { randomUUID } from 'node:crypto';
import type { SenderProfile } from '../inbound/sender-profile.ts';
import { toInstant } from '../kernel/clock.ts';

const SUBSCRIPTION = 'Subscription/portcullis-sample';
const TOPIC = 'http://portcullis.example/SubscriptionTopic/sample';
const FOCUS = 'Observation/portcullis-sample';

/** A small notification in the first form that the profile's senders use, about a resource that does not exist. */
export function sampleNotification(profile: SenderProfile, now: number): Buffer {
  return Buffer.from(JSON.stringify(sampleBody(profile, now)), 'utf8');
}

function sampleBody({ bodyForms }: SenderProfile, now: number): object {
  const at = toInstant(now);
  if (bodyForms.includes('history-bundle-parameters')) return historyBundle(parametersStatus(at), at);
  if (bodyForms.includes('history-bundle-status')) return historyBundle(subscriptionStatus(at), at);
  if (bodyForms.includes('subscription-notification')) {
    const entry = [{ fullUrl: `urn:uuid:${randomUUID()}`, resource: subscriptionStatus(at) }];
    return {
      resourceType: 'Bundle',
      id: randomUUID(),
      type: 'subscription-notification',
      timestamp: at,
      entry,
    };
  }
  return {
    resourceType: 'Basic',
    id: 'portcullis-sample',
    meta: { versionId: randomUUID(), lastUpdated: at },
    code: { text: 'sample' },
  };
}

function historyBundle(status: object, at: string): object {
  const request = { method: 'GET', url: `${SUBSCRIPTION}/$status` };
  const entry = [
    { fullUrl: `urn:uuid:${randomUUID()}`, resource: status, request, response: { status: '200' } },
  ];
  return { resourceType: 'Bundle', id: randomUUID(), type: 'history', timestamp: at, entry };
}

function parametersStatus(at: string): object {
  const event = [
    { name: 'event-number', valueString: '1' },
    { name: 'timestamp', valueInstant: at },
    { name: 'focus', valueReference: { reference: FOCUS } },
  ];
  const parameter = [
    { name: 'subscription', valueReference: { reference: SUBSCRIPTION } },
    { name: 'topic', valueCanonical: TOPIC },
    { name: 'status', valueCode: 'active' },
    { name: 'type', valueCode: 'event-notification' },
    { name: 'events-since-subscription-start', valueString: '1' },
    { name: 'notification-event', part: event },
  ];
  return { resourceType: 'Parameters', id: randomUUID(), parameter };
}

function subscriptionStatus(at: string): object {
  return {
    resourceType: 'SubscriptionStatus',
    id: randomUUID(),
    status: 'active',
    type: 'event-notification',
    eventsSinceSubscriptionStart: '1',
    notificationEvent: [{ eventNumber: '1', timestamp: at, focus: { reference: FOCUS } }],
    subscription: { reference: SUBSCRIPTION },
    topic: TOPIC,
  };
}
