import type * as r4 from 'fhir/r4';
import { backportR4 } from '../../sandbox/ehr/notifications/backport-r4.ts';
import { Random } from '../../sandbox/ehr/random.ts';

/** A part of the notification that differs from request to request, always equally long. */
interface Slot {
  /** Stands in the template wherever the value goes. */
  readonly marker: string;
  readonly value: (index: number, random: Random) => string;
}

const BASE_URL = 'https://ehr.mercy.example/fhir/r4';
const AT = '2026-03-02T09:14:07.512Z';
const PATIENTS = 20_000;
/** One notification in so many is about an Encounter that was told of a few requests before. */
const AMENDMENT_EVERY = 5;
const AMENDED_AFTER = 4;

const MARKERS = {
  bundle: 'bbbbbbbb-bbbb-4bbb-bbbb-bbbbbbbbbbbb',
  event: '7000000',
  focus: 'enc-9000000',
  version: '8000',
  patient: 'pat-60000',
} as const;

/** In the order in which a record holds their values. */
const SLOTS: readonly Slot[] = [
  { marker: MARKERS.bundle, value: (_, random) => random.uuid() },
  { marker: MARKERS.event, value: (index) => String(1_000_000 + index) },
  { marker: MARKERS.focus, value: (index) => `enc-${1_000_000 + focusOf(index)}` },
  { marker: MARKERS.version, value: (index) => (isAmendment(index) ? '1002' : '1001') },
  { marker: MARKERS.patient, value: (index) => `pat-${10_000 + (focusOf(index) % PATIENTS)}` },
];

/** Where one value goes: in every body at the same places. */
export interface SlotPlace {
  readonly length: number;
  /** Byte offsets in the body. */
  readonly at: readonly number[];
}

export interface NotificationTemplate {
  readonly body: Buffer;
  readonly places: readonly SlotPlace[];
  /** Values of the slots, in their order, for one request. */
  values(index: number): string[];
}

/**
 * A backport R4 notification with one Encounter in full, about 1.4 kB, in which the ids vary. Every Bundle.id is new, so
 * none is a duplicate; one notification in five is about an earlier Encounter, so some lanes hold two.
 */
export function notificationTemplate(): NotificationTemplate {
  const body = Buffer.from(JSON.stringify(notification()));
  const random = new Random('bench notifications');
  return {
    body,
    places: SLOTS.map(({ marker }) => ({ length: marker.length, at: offsetsOf(body, marker) })),
    values: (index) => SLOTS.map((slot) => slot.value(index, random)),
  };
}

function isAmendment(index: number): boolean {
  return index % AMENDMENT_EVERY === AMENDED_AFTER;
}

function focusOf(index: number): number {
  return isAmendment(index) ? index - AMENDED_AFTER : index;
}

function offsetsOf(body: Buffer, marker: string): number[] {
  const offsets: number[] = [];
  for (let at = body.indexOf(marker); at >= 0; at = body.indexOf(marker, at + marker.length))
    offsets.push(at);
  if (offsets.length === 0) throw new Error(`the notification has no place for ${marker}`);
  return offsets;
}

function notification(): r4.Bundle<r4.FhirResource> {
  const change = {
    interaction: 'update',
    type: 'Encounter',
    id: MARKERS.focus,
    version: Number(MARKERS.version),
    at: AT,
    resource: encounter(),
  } as const;
  const bundle = backportR4({
    id: MARKERS.bundle,
    kind: 'event-notification',
    content: 'full-resource',
    subscription: { id: 'sub-41', topic: 'https://ehr.mercy.example/topics/encounter', baseUrl: BASE_URL },
    eventsSinceStart: Number(MARKERS.event),
    events: [{ number: Number(MARKERS.event), change }],
    at: AT,
    statusId: '5b6cf2a4-8c1d-4f0e-9a57-3f1e6d2b7c90',
  });
  return withoutProfiles(bundle);
}

/** Many senders do not name the profiles; with them the body would be 1.7 kB. */
function withoutProfiles(bundle: r4.Bundle<r4.FhirResource>): r4.Bundle<r4.FhirResource> {
  const { meta: _, ...plain } = bundle;
  const [status, ...changes] = plain.entry ?? [];
  if (status?.resource === undefined) throw new Error('the notification has no status');
  const { meta: __, ...resource } = status.resource;
  return { ...plain, entry: [{ ...status, resource: resource as r4.FhirResource }, ...changes] };
}

function encounter(): r4.Encounter {
  return {
    resourceType: 'Encounter',
    id: MARKERS.focus,
    meta: { versionId: MARKERS.version },
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: `Patient/${MARKERS.patient}` },
  };
}
