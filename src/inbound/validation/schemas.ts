import { ID_PATTERN, TYPE_PATTERN } from '../notification/reference.ts';
import type { FindingSchema } from './schema-check.ts';

/** R4, R4B and R5 value sets subscription-notification-type and subscription-status. */
const NOTIFICATION_TYPES = ['handshake', 'heartbeat', 'event-notification', 'query-status', 'query-event'];
const SUBSCRIPTION_STATUSES = ['requested', 'active', 'error', 'off', 'entered-in-error'];

/** FHIR `instant` (R4 §2.24.0.1): a date and time to the second or finer, with its zone. */
const INSTANT =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$';

const text: FindingSchema = { type: 'string' };
const id: FindingSchema = { type: 'string', pattern: ID_PATTERN, finding: 'id-invalid' };
const instant: FindingSchema = { type: 'string', pattern: INSTANT, finding: 'timestamp-not-instant' };
const notificationType: FindingSchema = {
  type: 'string',
  enum: NOTIFICATION_TYPES,
  finding: 'notification-type-unknown',
};
const subscriptionStatus: FindingSchema = {
  type: 'string',
  enum: SUBSCRIPTION_STATUSES,
  finding: 'subscription-status-unknown',
};
/** A literal reference, or a logical one by `identifier`. */
const reference: FindingSchema = {
  type: 'object',
  properties: { reference: text, identifier: { type: 'object' } },
};

/** What holds for any resource. Whole resources are checked beside this, by type. */
export const RESOURCE_HEAD: FindingSchema = {
  type: 'object',
  required: ['resourceType'],
  missing: { resourceType: 'resource-type-missing' },
  properties: {
    resourceType: { type: 'string', pattern: TYPE_PATTERN, finding: 'resource-type-invalid' },
    id,
    meta: {
      type: 'object',
      properties: {
        versionId: { type: 'string', pattern: ID_PATTERN, finding: 'version-invalid' },
        lastUpdated: instant,
      },
    },
  },
};

export const BUNDLE_HEAD: FindingSchema = {
  type: 'object',
  properties: { id, type: text, timestamp: instant, entry: { type: 'array' } },
};

const request: FindingSchema = {
  type: 'object',
  required: ['method', 'url'],
  properties: {
    method: { type: 'string', enum: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'] },
    url: text,
  },
};
const response: FindingSchema = { type: 'object', required: ['status'], properties: { status: text } };
const entry: FindingSchema = {
  type: 'object',
  finding: 'entry-invalid',
  properties: { fullUrl: text, resource: { type: 'object' }, request, response },
};

/** bdl-3 and bdl-4: entries of a history say which request they come from and how it was answered. */
export const HISTORY_ENTRY: FindingSchema = {
  ...entry,
  required: ['request', 'response'],
  missing: { request: 'entry-request-missing', response: 'entry-response-missing' },
};

/** R5 profile subscription-notification: `fullUrl` 1..1, `response` 0..0. HL7's own examples carry a response. */
export const NOTIFICATION_ENTRY: FindingSchema = {
  ...entry,
  properties: { ...entry.properties, response: { not: {}, finding: 'entry-response-present' } },
  required: ['fullUrl'],
  missing: { fullUrl: 'full-url-missing' },
};

/** bdl-3: entries of a transaction say what is to be done. */
export const TRANSACTION_ENTRY: FindingSchema = {
  ...entry,
  required: ['request'],
  missing: { request: 'entry-request-missing' },
};

/** R4B and R5 `SubscriptionStatus`. Counts are judged where they are read, what must be there by `status-rules.ts`. */
export const SUBSCRIPTION_STATUS: FindingSchema = {
  type: 'object',
  properties: {
    resourceType: { const: 'SubscriptionStatus', finding: 'status-type-unexpected' },
    type: notificationType,
    status: subscriptionStatus,
    subscription: { ...reference, finding: 'parameter-value-type' },
    topic: text,
    notificationEvent: { type: 'array', minItems: 1 },
    error: { type: 'array' },
  },
};

export const NOTIFICATION_EVENT: FindingSchema = {
  type: 'object',
  required: ['eventNumber'],
  missing: { eventNumber: 'event-number-missing' },
  properties: {
    id: text,
    eventNumber: {},
    timestamp: instant,
    focus: reference,
    additionalContext: { type: 'array' },
  },
};

/** R4 parameters of backport-subscription-status-r4, by name. */
export const STATUS_PARAMETERS: Readonly<Record<string, FindingSchema>> = {
  subscription: parameter('valueReference', reference),
  topic: parameter('valueCanonical', text),
  status: parameter('valueCode', subscriptionStatus),
  type: parameter('valueCode', notificationType),
  'events-since-subscription-start': parameter('valueString', {}),
  'notification-event': {
    type: 'object',
    required: ['part'],
    missing: { part: 'parameter-invalid' },
    properties: { part: { type: 'array', minItems: 1 } },
  },
  error: parameter('valueCodeableConcept', { type: 'object' }),
};

/** Parts of the R4 parameter `notification-event`, by name. */
export const EVENT_PARTS: Readonly<Record<string, FindingSchema>> = {
  'event-number': parameter('valueString', {}),
  timestamp: parameter('valueInstant', instant),
  focus: parameter('valueReference', reference),
  'additional-context': parameter('valueReference', reference),
};

function parameter(member: string, value: FindingSchema): FindingSchema {
  return {
    type: 'object',
    required: [member],
    missing: { [member]: 'parameter-value-type' },
    properties: { [member]: value },
  };
}
