import type { Envelope } from './envelope.ts';
import type { FindingList } from './finding-list.ts';
import { addFocus, type Subjects } from './foci.ts';
import { isResourceId, isResourceType } from './reference.ts';
import type { NotificationRequest } from './request.ts';

/**
 * Reads what stands outside the body: method, `{Type}/{id}` of the path, and the header that some senders announce a
 * deletion by. Signatures over the body do not cover these.
 * @param envelope the body; undefined where it could not be read.
 * @returns whether what the event is about, or that it is a deletion, is known from these parts only.
 */
export function readUnsignedParts(
  request: NotificationRequest,
  envelope: Envelope | undefined,
  subjects: Subjects,
  findings: FindingList,
): boolean {
  const pathDecides = readPath(request, envelope, subjects, findings);
  const silent = envelope?.kind === 'nothing';
  if (silent && envelope.form === 'empty' && request.body.length > 0) readHeader(request, subjects, findings);
  const unsigned = silent || pathDecides || request.method === 'DELETE';
  if (unsigned) {
    findings.add('identity-unsigned', `request.${pathDecides ? 'target' : silent ? 'body' : 'method'}`);
  }
  return unsigned;
}

/** The signed body says what the event is about; the path only where the body does not. */
function readPath(
  request: NotificationRequest,
  envelope: Envelope | undefined,
  subjects: Subjects,
  findings: FindingList,
): boolean {
  const { resourceType, resourceId } = request;
  if (resourceType === undefined && resourceId === undefined) return false;
  if (!isResourceType(resourceType) || !isResourceId(resourceId)) {
    findings.add('path-invalid', 'request.target');
    return false;
  }
  if (envelope?.kind === 'bundle' || envelope?.kind === 'json') return false;
  const focus = `${resourceType}/${resourceId}`;
  if (subjects.foci.size === 0) return addFocus(focus, subjects);
  if (!subjects.foci.has(focus)) findings.add('path-differs-from-body', 'request.target');
  return false;
}

function readHeader(request: NotificationRequest, subjects: Subjects, findings: FindingList): void {
  const name = request.profile.unsignedFocusHeader;
  const reference = name === undefined ? undefined : request.header(name);
  if (name === undefined) findings.add('empty-object', 'request.body');
  else if (reference === undefined || !addFocus(reference, subjects)) {
    findings.add('unsigned-focus-missing', 'request.header');
  }
}
