import type { ResourceChange } from '../clinic.ts';

/** Kinds of subscription notification that a server pushes (FHIR R5 subscription-notification-type). */
export type SubscriptionNotificationKind = 'handshake' | 'heartbeat' | 'event-notification';

/** How much of the resources a notification carries (FHIR R5 subscription-payload-content). */
export type ContentLevel = 'empty' | 'id-only' | 'full-resource';

export interface SubscriptionHandle {
  readonly id: string;
  /** Canonical URL of the topic. */
  readonly topic: string;
  /** Base URL of the FHIR server that notifies, without a final slash. */
  readonly baseUrl: string;
}

export interface SubscriptionEvent<Resource> {
  /** Position since the subscription began, from 1. */
  readonly number: number;
  readonly change: ResourceChange<Resource>;
}

export interface NotificationContent<Resource> {
  /** Bundle.id, a UUID. */
  readonly id: string;
  readonly kind: SubscriptionNotificationKind;
  readonly content: ContentLevel;
  readonly subscription: SubscriptionHandle;
  /** Events since the subscription began, including those told here; not counting handshakes and heartbeats. */
  readonly eventsSinceStart: number;
  readonly events: readonly SubscriptionEvent<Resource>[];
  /** Bundle.timestamp, RFC 3339. */
  readonly at: string;
  /** urn:uuid of the status entry. */
  readonly statusId: string;
}

export function focusOf(change: { readonly type: string; readonly id: string }): string {
  return `${change.type}/${change.id}`;
}

export function subscriptionUrl(subscription: SubscriptionHandle): string {
  return `${subscription.baseUrl}/Subscription/${subscription.id}`;
}

/** A subscription that is being set up has status `requested`; one that works, `active`. */
export function subscriptionStatus(kind: SubscriptionNotificationKind): 'requested' | 'active' {
  return kind === 'handshake' ? 'requested' : 'active';
}
