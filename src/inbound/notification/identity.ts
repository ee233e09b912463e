import type { DedupeBasis, SenderProfile } from '../sender-profile.ts';
import type { Envelope } from './envelope.ts';
import type { FindingList } from './finding-list.ts';
import { isJsonObject } from './json.ts';
import { isResourceId, isResourceType } from './reference.ts';
import type { StatusView } from './status-view.ts';
import type { NotificationIdentity } from './types.ts';

/** What an identity may be taken from. */
export interface IdentityEvidence {
  readonly signedId: string | undefined;
  readonly envelope: Envelope | undefined;
  readonly status: StatusView | undefined;
  /** What the event is about is not in the signed body: only an id that the scheme signs can name it. */
  readonly unsigned: boolean;
  /** The body may come again as it is and mean something new, as a heartbeat's. */
  readonly repeatable: boolean;
}

/** Names an event by its signed delivery id, else by the first basis of the profile that the body provides. */
export function identify(
  profile: SenderProfile,
  evidence: IdentityEvidence,
  findings: FindingList,
): NotificationIdentity | undefined {
  if (evidence.signedId !== undefined) return { basis: 'signed-id', value: evidence.signedId };
  if (evidence.unsigned) return undefined;
  for (const basis of profile.dedupe) {
    const identity = identityOn(basis, evidence, findings);
    if (identity !== undefined) return identity;
  }
  return undefined;
}

function identityOn(
  basis: DedupeBasis,
  evidence: IdentityEvidence,
  findings: FindingList,
): NotificationIdentity | undefined {
  if (basis === 'signed-id') return undefined;
  if (basis === 'body') return evidence.repeatable ? undefined : { basis };
  const value = valueOn(basis, evidence, findings);
  return value === undefined ? undefined : { basis, value };
}

function valueOn(
  basis: Exclude<DedupeBasis, 'signed-id' | 'body'>,
  evidence: IdentityEvidence,
  findings: FindingList,
): string | undefined {
  switch (basis) {
    case 'notification-event-id':
      return eventIds(evidence, findings);
    case 'bundle-id':
      return bundleId(evidence);
    case 'resource-version':
      return resourceVersion(evidence.envelope);
  }
}

/** The ids of all events, joined by a space, which no id may hold. JSON that is not FHIR (FHIRcast) has one `id`. */
function eventIds({ envelope, status }: IdentityEvidence, findings: FindingList): string | undefined {
  if (envelope?.kind === 'json') return usableId(envelope.value.id) ? envelope.value.id : undefined;
  if (status === undefined || status.events.length === 0) return undefined;
  for (const event of status.events) {
    if (usableId(event.id)) continue;
    findings.add('event-id-unusable', `${event.path}.id`);
    return undefined;
  }
  return status.events.map((event) => event.id).join(' ');
}

function usableId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && !/\s/.test(id);
}

/** `Bundle.id` within the kind of notification, so that a heartbeat reusing an id cannot hide an event. */
function bundleId({ envelope, status }: IdentityEvidence): string | undefined {
  if (envelope?.kind !== 'bundle' || !isResourceId(envelope.bundle.id)) return undefined;
  return `${status?.type ?? envelope.form}/${envelope.bundle.id}`;
}

function resourceVersion(envelope: Envelope | undefined): string | undefined {
  if (envelope?.kind !== 'resource') return undefined;
  const { resourceType, id, meta } = envelope.resource;
  const version = isJsonObject(meta) ? meta.versionId : undefined;
  if (!isResourceType(resourceType) || !isResourceId(id) || !isResourceId(version)) return undefined;
  return `${resourceType}/${id}/_history/${version}`;
}
