import type { EventType } from '../../kernel/event.ts';
import type { Finding } from '../outcome.ts';
import type { BodyForm, DedupeBasis } from '../sender-profile.ts';

/** What an authentic body was read to mean. Findings say where it departs from the sender's profile or from FHIR. */
export interface Notification {
  readonly form: BodyForm | 'unreadable';
  readonly type: EventType;
  /** Reference or id of the Subscription, where the notification names one. */
  readonly subscription: string | undefined;
  readonly topic: string | undefined;
  /** `eventsSinceSubscriptionStart`, as text: integer64. */
  readonly eventsSinceStart: string | undefined;
  readonly eventNumbers: readonly string[];
  /** References of the resources it is about, in order, without repeats: relative (`Type/id`) where they can be made so. */
  readonly foci: readonly string[];
  /** Patient references (`Patient/id`) found in focus or in the resources carried, without repeats. */
  readonly patients: readonly string[];
  /** What names this event for deduplication; undefined where every delivery is an event of its own (an empty ping). */
  readonly identity: NotificationIdentity | undefined;
  readonly findings: readonly Finding[];
}

export type NotificationIdentity =
  | { readonly basis: Exclude<DedupeBasis, 'body'>; readonly value: string }
  /** The journal takes the digest of the body. */
  | { readonly basis: 'body' };
