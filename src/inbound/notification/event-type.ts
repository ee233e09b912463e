import type { EventType } from '../../kernel/event.ts';
import type { BundleEnvelope, Envelope } from './envelope.ts';
import { isJsonObject } from './json.ts';
import type { StatusView } from './status-view.ts';

/** What a body means to the core platform, apart from whether its signature covers what matters. */
export function eventTypeOf(envelope: Envelope, status: StatusView | undefined): EventType {
  if (status !== undefined) return statusEventType(envelope, status);
  if (envelope.kind === 'resource') return 'fhir.resource.changed';
  if (envelope.kind === 'bundle' && envelope.form === 'transaction-bundle')
    return transactionEventType(envelope);
  return 'fhir.notification.event';
}

/**
 * Handshakes and heartbeats end at the gateway unless the source says otherwise, so only one that carries nothing is
 * taken for one. Everything else is an event: query answers, errors, and codes nobody knows.
 */
function statusEventType(envelope: Envelope, status: StatusView): EventType {
  if (status.events.length > 0 || carriesMore(envelope)) return 'fhir.notification.event';
  if (status.type === 'handshake') return 'fhir.notification.handshake';
  if (status.type === 'heartbeat') return 'fhir.notification.heartbeat';
  return 'fhir.notification.event';
}

function carriesMore(envelope: Envelope): boolean {
  return envelope.kind === 'bundle' && envelope.entries.length > 1;
}

function transactionEventType(envelope: BundleEnvelope): EventType {
  const deletes = envelope.entries.filter(
    (entry) => isJsonObject(entry) && isJsonObject(entry.request) && entry.request.method === 'DELETE',
  );
  const onlyDeletes = deletes.length > 0 && deletes.length === envelope.entries.length;
  return onlyDeletes ? 'fhir.resource.deleted' : 'fhir.resource.changed';
}
