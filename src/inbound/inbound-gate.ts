import type { AuditEntry } from '../audit/record.ts';
import type { Clock } from '../kernel/clock.ts';
import { newEventId, parseOrganizationId, parseSourceId } from '../kernel/ids.ts';
import type { SourceScope } from '../tenancy/scope.ts';
import { headersOfRecord } from './headers-of-record.ts';
import type { EnvelopeValidator } from './notification/envelope.ts';
import { readNotification } from './notification/read.ts';
import type { Notification } from './notification/types.ts';
import type { InboundOutcome, InboundRequest } from './outcome.ts';
import type { AcceptPort, NewEvent, RefusalAuditPort } from './ports.ts';
import { singleHeader } from './signature/raw-headers.ts';
import type { SourceDirectory } from './source.ts';
import { isInvalid } from './validation/verdict.ts';
import { VerifiedDelivery } from './verified-delivery.ts';

export interface InboundObserver {
  /** A secret matched; an old one that no longer does can be retired. */
  secretMatched(scope: SourceScope, keyId: string, at: number): void;
  /** An event awaits delivery. */
  accepted(): void;
}

export interface InboundDeps {
  /** The sources of the snapshot in force; asked once per request. */
  readonly sources: () => SourceDirectory;
  readonly journal: AcceptPort;
  readonly refusals: RefusalAuditPort;
  readonly validate: EnvelopeValidator;
  readonly clock: Clock;
  readonly observer: InboundObserver;
}

/** The inbound flow: verify, read, judge, accept. */
export class InboundGate {
  readonly #deps: InboundDeps;

  constructor(deps: InboundDeps) {
    this.#deps = deps;
  }

  /** @throws GatewayError with disposition `retry` when it could be neither stored nor, if refused, audited. */
  async receive(request: InboundRequest): Promise<InboundOutcome> {
    const verified = VerifiedDelivery.verify(request, this.#deps.sources(), this.#deps.clock.now());
    if (verified instanceof VerifiedDelivery) return this.#admit(verified);
    await this.#auditRefusal(request, verified.source?.scope, verified.refusal, 'unauthenticated');
    return { kind: 'unauthenticated' };
  }

  async #admit(delivery: VerifiedDelivery): Promise<InboundOutcome> {
    const { request, source } = delivery;
    this.#deps.observer.secretMatched(source.scope, delivery.keyId, delivery.receivedAt);
    const unsuitable = unsuitableFor(delivery);
    if (unsuitable !== undefined) return this.#refuse(delivery, unsuitable);
    const notification = readNotification(notificationRequest(delivery), this.#deps.validate);
    const invalid = isInvalid(notification.findings);
    if (invalid && source.validation === 'reject') {
      return this.#refuse(delivery, { kind: 'invalid', findings: notification.findings });
    }
    return this.#accept(delivery, newEvent(delivery, notification, invalid), request);
  }

  async #accept(
    delivery: VerifiedDelivery,
    event: NewEvent,
    request: InboundRequest,
  ): Promise<InboundOutcome> {
    const { scope, profile } = delivery.source;
    const result = await this.#deps.journal.accept(scope, event);
    const { acknowledgement } = profile;
    switch (result.kind) {
      case 'accepted':
        if (event.initialState === 'pending') this.#deps.observer.accepted();
        return { kind: 'accepted', eventId: event.summary.id, acknowledgement };
      case 'duplicate':
        return { kind: 'duplicate', eventId: result.eventId, acknowledgement };
      case 'conflict':
        return { kind: 'conflict' };
      default:
        throw new Error(`unknown result for request ${request.requestId}`);
    }
  }

  async #refuse(delivery: VerifiedDelivery, outcome: InboundOutcome): Promise<InboundOutcome> {
    const { scope } = delivery.source;
    await this.#auditRefusal(delivery.request, scope, outcome.kind, `source:${scope.source}`);
    return outcome;
  }

  /** The precise reason goes to the audit log only. */
  async #auditRefusal(
    request: InboundRequest,
    scope: SourceScope | undefined,
    reason: string,
    actor: string,
  ): Promise<void> {
    const entry: AuditEntry = {
      action: 'event.refuse',
      actor,
      target: scope === undefined ? 'source:unknown' : `source:${scope.source}`,
      outcome: 'refused',
      reason,
      requestId: request.requestId,
      detail: {
        bytes: request.body.length,
        ...(request.clientAddress === undefined ? {} : { client: request.clientAddress }),
        ...(scope === undefined ? claimed(request) : {}),
      },
    };
    await this.#deps.refusals.refused({ scope, entry });
  }
}

/** What a stranger called itself, only where it has the form of a name of ours. */
function claimed(request: InboundRequest): { readonly claimed?: string } {
  const organization = parseOrganizationId(request.organization);
  const source = parseSourceId(request.source);
  return organization === undefined || source === undefined ? {} : { claimed: `${organization}/${source}` };
}

function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}

function unsuitableFor({ request, source }: VerifiedDelivery): InboundOutcome | undefined {
  const { methods, contentTypes } = source.profile;
  if (!methods.some((method) => method === request.method))
    return { kind: 'method-not-allowed', allow: methods };
  const type = mediaType(headerOf(request, 'content-type'));
  if (request.body.length === 0 || type === undefined || contentTypes.includes(type)) return undefined;
  return { kind: 'unsupported-media-type', accepts: contentTypes };
}

function headerOf(request: InboundRequest, name: string): string | undefined {
  const header = singleHeader(request.rawHeaders, name);
  return typeof header === 'string' ? header : undefined;
}

function notificationRequest({ request, source, signedId }: VerifiedDelivery) {
  return {
    profile: source.profile,
    method: request.method,
    resourceType: request.resourceType,
    resourceId: request.resourceId,
    contentType: headerOf(request, 'content-type'),
    body: request.body,
    signedId,
    header: (name: string) => headerOf(request, name),
  };
}

const MAX_CONTENT_TYPE = 128;

function newEvent(delivery: VerifiedDelivery, notification: Notification, invalid: boolean): NewEvent {
  const { request, source, receivedAt } = delivery;
  return {
    summary: {
      id: newEventId(receivedAt),
      organization: source.scope.organization,
      source: source.scope.source,
      type: notification.type,
      receivedAt,
      bodyBytes: request.body.length,
      contentType: (headerOf(request, 'content-type') ?? '').slice(0, MAX_CONTENT_TYPE),
      fhirVersion: source.profile.fhirVersion,
      validation: invalid ? 'flagged' : 'valid',
      requestId: request.requestId,
      traceParent: request.traceParent,
    },
    content: { headers: headersOfRecord(request.rawHeaders), foci: notification.foci, body: request.body },
    patients: notification.patients,
    identity: notification.identity,
    initialState: initialState(delivery, notification, invalid),
    keyId: delivery.keyId,
    findingCodes: notification.findings.map((finding) => finding.code),
    clientAddress: request.clientAddress,
  };
}

/** Handshakes and heartbeats are for the gateway; they go on only where the source says so. */
function initialState(
  { source }: VerifiedDelivery,
  { type }: Notification,
  invalid: boolean,
): NewEvent['initialState'] {
  if (invalid && source.validation === 'quarantine') return 'quarantined';
  if (type === 'fhir.notification.handshake' && !source.forwardHandshakes) return 'consumed';
  if (type === 'fhir.notification.heartbeat' && !source.forwardHeartbeats) return 'consumed';
  return 'pending';
}
