import type { JsonObject } from '../../../../src/inbound/notification/json.ts';
import { readNotification } from '../../../../src/inbound/notification/read.ts';
import type { NotificationRequest } from '../../../../src/inbound/notification/request.ts';
import type { Notification } from '../../../../src/inbound/notification/types.ts';
import { BODY_FORMS, type SenderProfile } from '../../../../src/inbound/sender-profile.ts';
import { createEnvelopeValidator } from '../../../../src/inbound/validation/envelope-validator.ts';

const validate = createEnvelopeValidator();

/** Takes every form, so that only what a test is about is flagged. */
export const TOLERANT: SenderProfile = {
  name: 'test',
  fhirVersion: '4.0',
  methods: ['POST', 'PUT', 'DELETE'],
  contentTypes: ['application/fhir+json'],
  bodyForms: BODY_FORMS,
  acknowledgement: { status: 200, body: 'bundle' },
  numbering: 'monotonic',
  dedupe: ['signed-id', 'bundle-id', 'resource-version', 'body'],
  retryHorizonSeconds: undefined,
};

export function profile(changes: Partial<SenderProfile>): SenderProfile {
  return { ...TOLERANT, ...changes };
}

export interface RequestParts {
  readonly profile?: SenderProfile;
  readonly method?: string;
  readonly path?: readonly [string, string];
  readonly contentType?: string | undefined;
  readonly signedId?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function request(body: unknown, parts: RequestParts = {}): NotificationRequest {
  return {
    profile: parts.profile ?? TOLERANT,
    method: parts.method ?? 'POST',
    resourceType: parts.path?.[0],
    resourceId: parts.path?.[1],
    contentType: 'contentType' in parts ? parts.contentType : 'application/fhir+json',
    body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    signedId: parts.signedId,
    header: (name) => parts.headers?.[name],
  };
}

export function read(body: unknown, parts: RequestParts = {}): Notification {
  return readNotification(request(body, parts), validate);
}

export function codes(notification: Notification): string[] {
  return notification.findings.map((finding) => finding.code);
}

export const SUBSCRIPTION = 'https://ehr.example/fhir/Subscription/admissions';
export const TOPIC = 'https://ehr.example/topics/SubscriptionTopic/admission';

export function encounter(id = 'e1', more: JsonObject = {}): JsonObject {
  return {
    resourceType: 'Encounter',
    id,
    meta: { versionId: '3', lastUpdated: '2026-11-21T10:00:00.000Z' },
    status: 'in-progress',
    subject: { reference: 'Patient/p1' },
    ...more,
  };
}

export interface EventParts {
  readonly number?: unknown;
  readonly focus?: string;
  readonly id?: string;
  readonly context?: string;
}

/** R4B and R5. */
export function subscriptionStatus(
  type: string,
  events: readonly EventParts[] = [],
  more: JsonObject = {},
): JsonObject {
  return {
    resourceType: 'SubscriptionStatus',
    id: 's1',
    status: 'active',
    type,
    eventsSinceSubscriptionStart: '7',
    subscription: { reference: SUBSCRIPTION },
    topic: TOPIC,
    ...(events.length === 0 ? {} : { notificationEvent: events.map(statusEvent) }),
    ...more,
  };
}

function statusEvent(event: EventParts): JsonObject {
  return {
    ...(event.id === undefined ? {} : { id: event.id }),
    ...('number' in event ? { eventNumber: event.number } : {}),
    timestamp: '2026-11-21T10:00:00.000Z',
    ...(event.focus === undefined ? {} : { focus: { reference: event.focus } }),
    ...(event.context === undefined ? {} : { additionalContext: [{ reference: event.context }] }),
  };
}

/** R4. */
export function statusParameters(
  type: string,
  events: readonly EventParts[] = [],
  more: readonly unknown[] = [],
): JsonObject {
  return {
    resourceType: 'Parameters',
    id: 's1',
    parameter: [
      { name: 'subscription', valueReference: { reference: SUBSCRIPTION } },
      { name: 'topic', valueCanonical: TOPIC },
      { name: 'status', valueCode: 'active' },
      { name: 'type', valueCode: type },
      { name: 'events-since-subscription-start', valueString: '7' },
      ...events.map(parameterEvent),
      ...more,
    ],
  };
}

function parameterEvent(event: EventParts): JsonObject {
  const part: JsonObject[] = [{ name: 'timestamp', valueInstant: '2026-11-21T10:00:00.000Z' }];
  if ('number' in event) part.push({ name: 'event-number', valueString: event.number });
  if (event.focus !== undefined) part.push({ name: 'focus', valueReference: { reference: event.focus } });
  if (event.context !== undefined) {
    part.push({ name: 'additional-context', valueReference: { reference: event.context } });
  }
  return { name: 'notification-event', ...(event.id === undefined ? {} : { id: event.id }), part };
}

/** R4 or R4B notification, as bdl-3 and bdl-4 want it. */
export function historyBundle(
  status: JsonObject,
  resources: readonly JsonObject[] = [],
  more: JsonObject = {},
): JsonObject {
  return {
    resourceType: 'Bundle',
    id: 'b1',
    type: 'history',
    timestamp: '2026-11-21T10:00:01.000Z',
    entry: [historyEntry(status, 'GET', `${SUBSCRIPTION}/$status`), ...resources.map(resourceEntry)],
    ...more,
  };
}

function historyEntry(resource: JsonObject, method: string, url: string): JsonObject {
  return {
    fullUrl: `urn:uuid:${resource.id}`,
    resource,
    request: { method, url },
    response: { status: '200' },
  };
}

function resourceEntry(resource: JsonObject): JsonObject {
  return historyEntry(resource, 'PUT', `${resource.resourceType}/${resource.id}`);
}

/** R5 notification. */
export function notificationBundle(
  status: JsonObject,
  resources: readonly JsonObject[] = [],
  more: JsonObject = {},
): JsonObject {
  return {
    resourceType: 'Bundle',
    id: 'b1',
    type: 'subscription-notification',
    timestamp: '2026-11-21T10:00:01.000Z',
    entry: [status, ...resources].map((resource) => ({
      fullUrl: `https://ehr.example/fhir/${resource.resourceType}/${resource.id}`,
      resource,
    })),
    ...more,
  };
}

export function messageBundle(notification: JsonObject): JsonObject {
  return {
    resourceType: 'Bundle',
    id: 'm1',
    type: 'message',
    entry: [
      { fullUrl: 'urn:uuid:h1', resource: { resourceType: 'MessageHeader', id: 'h1' } },
      { fullUrl: 'urn:uuid:b1', resource: notification },
    ],
  };
}
