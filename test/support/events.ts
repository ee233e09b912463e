import type { NotificationIdentity } from '../../src/inbound/notification/types.ts';
import type { NewEvent } from '../../src/inbound/ports.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import type { EventType } from '../../src/kernel/event.ts';
import { newEventId, newRequestId, type OrganizationId, type SourceId } from '../../src/kernel/ids.ts';
import type { SourceScope } from '../../src/tenancy/scope.ts';

export const MERCY: SourceScope = { organization: 'mercy' as OrganizationId, source: 'ehr' as SourceId };
export const MERCY_LAB: SourceScope = { organization: 'mercy' as OrganizationId, source: 'lab' as SourceId };
export const GRACE: SourceScope = { organization: 'grace' as OrganizationId, source: 'ehr' as SourceId };

export interface EventOptions {
  readonly scope?: SourceScope;
  readonly id?: NewEvent['summary']['id'];
  readonly identity?: NotificationIdentity | undefined;
  readonly foci?: readonly string[];
  readonly patients?: readonly string[];
  readonly body?: string | Buffer;
  readonly state?: NewEvent['initialState'];
  readonly type?: EventType;
  readonly keyId?: string;
}

/** An event received now, without identity and without focus unless told otherwise. */
export function newEvent(clock: Clock, options: EventOptions = {}): NewEvent {
  const scope = options.scope ?? MERCY;
  const body = typeof options.body === 'string' ? Buffer.from(options.body) : options.body;
  const bytes = body ?? Buffer.from('{"resourceType":"Basic"}');
  return {
    summary: {
      id: options.id ?? newEventId(clock.now()),
      organization: scope.organization,
      source: scope.source,
      type: options.type ?? 'fhir.notification.event',
      receivedAt: clock.now(),
      bodyBytes: bytes.length,
      contentType: 'application/fhir+json',
      fhirVersion: '4.0',
      validation: 'valid',
      requestId: newRequestId(clock.now()),
      traceParent: undefined,
    },
    content: { headers: { 'content-type': 'application/fhir+json' }, foci: options.foci ?? [], body: bytes },
    patients: options.patients ?? [],
    identity: options.identity,
    initialState: options.state ?? 'pending',
    keyId: options.keyId ?? 'k1',
    findingCodes: [],
    clientAddress: '192.0.2.1',
  };
}

export function signedId(value: string): NotificationIdentity {
  return { basis: 'signed-id', value };
}
