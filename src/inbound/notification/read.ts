import type { EventType } from '../../kernel/event.ts';
import type { BodyForm } from '../sender-profile.ts';
import { readBody } from './body.ts';
import { type Envelope, type EnvelopeValidator, openEnvelope } from './envelope.ts';
import { eventTypeOf } from './event-type.ts';
import { FindingList } from './finding-list.ts';
import { collectSubjects, type Subjects } from './foci.ts';
import { identify } from './identity.ts';
import { readParametersStatus } from './parameters-status.ts';
import { normalizeReference, printableUri } from './reference.ts';
import type { NotificationRequest } from './request.ts';
import type { StatusView } from './status-view.ts';
import { readSubscriptionStatus } from './subscription-status.ts';
import type { Notification, NotificationIdentity } from './types.ts';
import { readUnsignedParts } from './unsigned-parts.ts';

/**
 * Reads what an authentic request means: lenient in what is read, strict in what is flagged. Never throws, whatever
 * the bytes. Where what matters is not covered by the signature, or cannot be read, the event is a `fhir.hint`.
 * @param validate checks of the envelope, `createEnvelopeValidator()`; its findings join those of the reading.
 */
export function readNotification(request: NotificationRequest, validate: EnvelopeValidator): Notification {
  const findings = new FindingList(request.profile.knownDeviations);
  const body = readBody(request.body, request.contentType, findings);
  if (body.kind === 'unreadable') return readNothing(request, findings);
  const envelope: Envelope =
    body.kind === 'empty' ? { kind: 'nothing', form: 'empty' } : openEnvelope(body.value);
  return readEnvelope(request, envelope, validate, findings);
}

function readEnvelope(
  request: NotificationRequest,
  envelope: Envelope,
  validate: EnvelopeValidator,
  findings: FindingList,
): Notification {
  const status = readStatus(envelope, findings);
  const subjects = collectSubjects(envelope, status, findings);
  validate(envelope, status, findings);
  checkForm(request, envelope, findings);
  const unsigned = readUnsignedParts(request, envelope, subjects, findings);
  const type = unsigned || isForeign(request, envelope) ? 'fhir.hint' : eventTypeOf(envelope, status);
  const repeatable = type === 'fhir.notification.heartbeat' || type === 'fhir.notification.handshake';
  const evidence = { signedId: request.signedId, envelope, status, unsigned, repeatable };
  const identity = identify(request.profile, evidence, findings);
  return notification({ form: envelope.form, type, status, subjects, identity }, findings);
}

/** A body that is not JSON: only the path may still say what it was about. */
function readNothing(request: NotificationRequest, findings: FindingList): Notification {
  const subjects: Subjects = { foci: new Set(), patients: new Set() };
  const unsigned = readUnsignedParts(request, undefined, subjects, findings);
  const evidence = { signedId: request.signedId, envelope: undefined, status: undefined, unsigned };
  const identity = identify(request.profile, { ...evidence, repeatable: false }, findings);
  return notification(
    { form: 'unreadable', type: 'fhir.hint', status: undefined, subjects, identity },
    findings,
  );
}

interface Reading {
  readonly form: BodyForm | 'unreadable';
  readonly type: EventType;
  readonly status: StatusView | undefined;
  readonly subjects: Subjects;
  readonly identity: NotificationIdentity | undefined;
}

function notification(reading: Reading, findings: FindingList): Notification {
  const { form, type, status, subjects, identity } = reading;
  return {
    form,
    type,
    subscription: status?.subscription === undefined ? undefined : normalizeReference(status.subscription),
    topic: printableUri(status?.topic),
    eventsSinceStart: status?.eventsSinceStart,
    eventNumbers: eventNumbers(status),
    foci: [...subjects.foci],
    patients: [...subjects.patients],
    identity,
    findings: findings.list,
  };
}

function readStatus(envelope: Envelope, findings: FindingList): StatusView | undefined {
  const located = envelope.kind === 'bundle' || envelope.kind === 'resource' ? envelope.status : undefined;
  if (located === undefined) return undefined;
  return located.shape === 'parameters'
    ? readParametersStatus(located.resource, located.path, findings)
    : readSubscriptionStatus(located.resource, located.path, findings);
}

function eventNumbers(status: StatusView | undefined): readonly string[] {
  const numbers: string[] = [];
  for (const event of status?.events ?? []) if (event.number !== undefined) numbers.push(event.number);
  return numbers;
}

function checkForm(request: NotificationRequest, envelope: Envelope, findings: FindingList): void {
  if (!request.profile.bodyForms.includes(envelope.form)) findings.add('form-unexpected', 'request.body');
  if (envelope.kind === 'nothing' && envelope.form === 'json')
    findings.add('json-not-object', 'request.body');
  if (isForeign(request, envelope)) findings.add('json-not-fhir', 'request.body');
}

/** JSON that is not FHIR, from a sender that is not known to send such: nobody can say what it means. */
function isForeign(request: NotificationRequest, envelope: Envelope): boolean {
  return envelope.kind === 'json' && !request.profile.bodyForms.includes('json');
}
