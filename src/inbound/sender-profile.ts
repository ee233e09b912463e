import type { Acknowledgement } from './outcome.ts';

/**
 * What a kind of sender does, read from `config/sender-profiles/{name}.yaml`.
 * It decides which requests are taken, how they are read, deduplicated and answered.
 */
export interface SenderProfile {
  readonly name: string;
  /** FHIR release the sender speaks, the value of `ce-fhirversion`. */
  readonly fhirVersion: '4.0' | '4.3' | '5.0';
  readonly methods: readonly ('POST' | 'PUT' | 'DELETE')[];
  /** Media types taken, without parameters, lower case. Requests without a body need no content type. */
  readonly contentTypes: readonly string[];
  /** Forms of body the sender is known to use; any other readable form is taken, with a finding. */
  readonly bodyForms: readonly BodyForm[];
  readonly acknowledgement: Acknowledgement;
  readonly numbering: 'monotonic' | 'restartable' | 'relative' | 'none';
  /** Which signed content names an event, tried in this order; the first present one is used. */
  readonly dedupe: readonly DedupeBasis[];
  /** How long the sender goes on retrying, seconds; undefined where not established. */
  readonly retryHorizonSeconds: number | undefined;
  /** Header, lower case, that alone names the resource when the body says nothing (`{}`). No signature covers it. */
  readonly unsignedFocusHeader?: string;
  /** Codes of findings this sender is known to cause; they are recorded as information and do not make it invalid. */
  readonly knownDeviations?: readonly string[];
}

export const BODY_FORMS = [
  'empty',
  'resource',
  'history-bundle-parameters',
  'history-bundle-status',
  'subscription-notification',
  'message-bundle',
  'transaction-bundle',
  'json',
] as const;
export type BodyForm = (typeof BODY_FORMS)[number];

export const DEDUPE_BASES = [
  'signed-id',
  'notification-event-id',
  'bundle-id',
  'resource-version',
  'body',
] as const;
export type DedupeBasis = (typeof DEDUPE_BASES)[number];
