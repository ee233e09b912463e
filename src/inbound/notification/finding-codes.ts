import type { Finding } from '../outcome.ts';

/**
 * Every deviation the inbound flow names, with its severity.
 *
 * error        FHIR or the Subscriptions Backport IG forbids it, or what the notification says cannot be relied on:
 *              the notification is invalid
 * warning      unexpected of this sender, or a value in the wrong form whose meaning is unmistakable
 * information  worth knowing; nothing is wrong
 */
export const FINDING_SEVERITIES = {
  'body-blank': 'warning',
  'body-not-json': 'error',
  'body-not-utf8': 'error',
  'byte-order-mark': 'warning',
  'charset-not-utf8': 'warning',
  'content-type-missing': 'warning',
  'json-not-fhir': 'error',
  'json-not-object': 'error',
  'json-too-deep': 'error',

  'empty-object': 'warning',
  'form-unexpected': 'warning',
  'identity-unsigned': 'information',
  'path-differs-from-body': 'error',
  'path-invalid': 'warning',
  'unsigned-focus-missing': 'warning',

  'bundle-total-present': 'error',
  'bundle-type-unexpected': 'error',
  'element-invalid': 'error',
  'entry-invalid': 'error',
  'entry-request-missing': 'error',
  'entry-response-missing': 'error',
  'entry-response-present': 'warning',
  'full-url-missing': 'warning',
  'message-without-notification': 'error',
  'notification-not-in-bundle': 'error',
  'status-missing': 'error',
  'status-not-first': 'error',
  'status-type-unexpected': 'warning',

  'credential-in-payload': 'warning',
  'event-id-unusable': 'warning',
  'event-in-heartbeat': 'error',
  'event-number-invalid': 'error',
  'event-number-missing': 'error',
  'event-number-repeated': 'warning',
  'events-since-start-invalid': 'error',
  'focus-missing': 'warning',
  'integer64-as-number': 'warning',
  'notification-event-missing': 'error',
  'notification-type-missing': 'error',
  'notification-type-unknown': 'error',
  'parameter-invalid': 'error',
  'parameter-repeated': 'error',
  'parameter-value-type': 'warning',
  'reference-invalid': 'warning',
  'subscription-missing': 'error',
  'subscription-not-active': 'warning',
  'subscription-status-missing': 'error',
  'subscription-status-unknown': 'error',
  'timestamp-not-instant': 'warning',

  'id-invalid': 'error',
  'id-missing': 'warning',
  'resource-type-invalid': 'error',
  'resource-type-missing': 'error',
  'version-invalid': 'error',

  'findings-truncated': 'information',
} as const satisfies Record<string, Finding['severity']>;

export type FindingCode = keyof typeof FINDING_SEVERITIES;
