import type { BundleEnvelope, Envelope } from './envelope.ts';
import type { FindingList } from './finding-list.ts';
import { asString, isJsonObject, type JsonObject } from './json.ts';
import { addPatientsOf } from './patients.ts';
import { isResourceId, isResourceType, normalizeReference, patientReference } from './reference.ts';
import type { StatusView } from './status-view.ts';

/** What a notification is about, in its own order. */
export interface Subjects {
  readonly foci: Set<string>;
  readonly patients: Set<string>;
}

/** Collects the references of the resources a body is about, and the patients these belong to. */
export function collectSubjects(
  envelope: Envelope,
  status: StatusView | undefined,
  findings: FindingList,
): Subjects {
  const subjects: Subjects = { foci: new Set(), patients: new Set() };
  if (status !== undefined) addEventFoci(status, subjects, findings);
  if (envelope.kind === 'resource' && status === undefined) addResource(envelope.resource, subjects);
  if (envelope.kind === 'bundle') addEntries(envelope, status, subjects, findings);
  return subjects;
}

/** Adds a reference that stands outside the body, such as `{Type}/{id}` of the path. */
export function addFocus(reference: string, subjects: Subjects): boolean {
  const focus = normalizeReference(reference);
  if (focus === undefined) return false;
  subjects.foci.add(focus);
  addPatient(focus, subjects);
  return true;
}

function addEventFoci(status: StatusView, subjects: Subjects, findings: FindingList): void {
  for (const event of status.events) {
    if (event.focus !== undefined && !addFocus(event.focus, subjects)) {
      findings.add('reference-invalid', `${event.path}.focus.reference`);
    }
    for (const context of event.contexts) addPatient(context, subjects);
  }
}

function addPatient(reference: string, subjects: Subjects): void {
  const patient = patientReference(reference);
  if (patient !== undefined) subjects.patients.add(patient);
}

function addResource(resource: JsonObject, subjects: Subjects): void {
  const { resourceType, id } = resource;
  if (isResourceType(resourceType) && isResourceId(id)) subjects.foci.add(`${resourceType}/${id}`);
  addPatientsOf(resource, subjects.patients);
}

/** The entries beside the status: their patients, and their references where no event named its focus. */
function addEntries(
  envelope: BundleEnvelope,
  status: StatusView | undefined,
  subjects: Subjects,
  findings: FindingList,
): void {
  const fromEntries = subjects.foci.size === 0;
  for (const [index, entry] of envelope.entries.entries()) {
    if (index === envelope.status?.index || !isJsonObject(entry)) continue;
    if (isJsonObject(entry.resource)) addPatientsOf(entry.resource, subjects.patients);
    const reference = fromEntries ? entryReference(entry) : undefined;
    if (reference !== undefined) addFocus(reference, subjects);
  }
  if (fromEntries && status !== undefined && subjects.foci.size > 0) {
    findings.add('focus-missing', `${envelope.path}.entry`);
  }
}

/** `Type/id` of what an entry carries or speaks of: its resource, else its request, else its URL. */
function entryReference(entry: JsonObject): string | undefined {
  const { resource, request } = entry;
  if (isJsonObject(resource) && isResourceType(resource.resourceType) && isResourceId(resource.id)) {
    return `${resource.resourceType}/${resource.id}`;
  }
  const url = isJsonObject(request) ? asString(request.url) : undefined;
  if (url !== undefined && isTypeAndId(url)) return url;
  const fullUrl = asString(entry.fullUrl);
  return fullUrl !== undefined && isTypeAndId(fullUrl) ? fullUrl : undefined;
}

function isTypeAndId(reference: string): boolean {
  const [type, id, ...rest] = (normalizeReference(reference) ?? '').split('/');
  return rest.length === 0 && isResourceType(type) && isResourceId(id);
}
