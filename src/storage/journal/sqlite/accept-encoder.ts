import type { NewEvent } from '../../../inbound/ports.ts';
import type { SourceScope } from '../../../tenancy/scope.ts';
import type { AcceptHead } from './operations.ts';
import type { AcceptParts } from './protocol.ts';

/** Turns an event into what crosses to the journal thread. */
export function encodeAccept(scope: SourceScope, event: NewEvent): AcceptParts {
  const { summary, content, findingCodes, patients } = event;
  const head: AcceptHead = {
    id: summary.id,
    org: scope.organization,
    source: scope.source,
    type: summary.type,
    receivedAt: summary.receivedAt,
    contentType: summary.contentType,
    fhirVersion: summary.fhirVersion,
    validation: summary.validation,
    requestId: summary.requestId,
    traceParent: summary.traceParent,
    keyId: event.keyId,
    findings: findingCodes.length === 0 ? undefined : findingCodes,
    client: event.clientAddress,
    patients: patients.length === 0 ? undefined : patients,
    foci: content.foci,
    identity: event.identity,
    state: event.initialState,
  };
  return {
    head: Buffer.from(JSON.stringify(head), 'utf8'),
    content: Buffer.from(JSON.stringify({ headers: content.headers, foci: content.foci }), 'utf8'),
    body: content.body,
  };
}
