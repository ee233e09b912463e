import { DELIVERY_STATES, EVENT_TYPES } from '../kernel/event.ts';
import { type OrganizationId, parseEventId, parseSourceId } from '../kernel/ids.ts';
import type { EventFilter } from './replay.ts';

/** `member`: which part of the input; `code`: what is wrong with it. Never holds a value. */
export interface FilterProblem {
  readonly member: string;
  readonly code: 'unknown-member' | 'malformed' | 'too-many' | 'empty-range';
}

export type FilterResult =
  | { readonly ok: true; readonly filter: EventFilter }
  | { readonly ok: false; readonly problems: readonly FilterProblem[] };

/** Most ids that one filter may name. */
export const MAX_FILTER_IDS = 1_000;

type Criteria = Omit<EventFilter, 'organization'>;
type Readers = { readonly [member in keyof Criteria]-?: (value: unknown) => Criteria[member] };

const READERS: Readers = {
  ids: readIds,
  state: (value) => oneOf(DELIVERY_STATES, value),
  source: (value) => (typeof value === 'string' ? parseSourceId(value) : undefined),
  type: (value) => oneOf(EVENT_TYPES, value),
  receivedFrom: readInstant,
  receivedTo: readInstant,
  patient: (value) => (typeof value === 'string' && PATIENT.test(value) ? value : undefined),
};

/** A relative reference to a Patient; ids as FHIR defines them. */
const PATIENT = /^Patient\/[A-Za-z0-9.-]{1,64}$/;
/** RFC 3339 with seconds and an offset. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Reads which events are meant from a command line or a request body: `ids`, `state`, `source`, `type`,
 * `receivedFrom`, `receivedTo` (RFC 3339, the end exclusive), `patient`. All problems are reported, not the first;
 * an unknown member is one, since ignoring it would widen the selection. Members that are undefined count as absent.
 */
export function parseEventFilter(
  organization: OrganizationId,
  input: Readonly<Record<string, unknown>>,
): FilterResult {
  const problems: FilterProblem[] = [];
  const criteria: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const read = isMember(member) ? READERS[member](value) : undefined;
    if (read === undefined) problems.push({ member, code: problemCode(member, value) });
    else criteria[member] = read;
  }
  const filter: EventFilter = { organization, ...(criteria as Criteria) };
  if (isEmptyRange(filter)) problems.push({ member: 'receivedTo', code: 'empty-range' });
  return problems.length === 0 ? { ok: true, filter } : { ok: false, problems };
}

/** Whether a filter selects every event of its organization: a replay of that must be asked for explicitly. */
export function selectsEverything(filter: EventFilter): boolean {
  return Object.keys(filter).length === 1;
}

function isMember(name: string): name is keyof Criteria {
  return Object.hasOwn(READERS, name);
}

function problemCode(member: string, value: unknown): FilterProblem['code'] {
  if (!isMember(member)) return 'unknown-member';
  return member === 'ids' && Array.isArray(value) && value.length > MAX_FILTER_IDS ? 'too-many' : 'malformed';
}

function readIds(value: unknown): EventFilter['ids'] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_FILTER_IDS) return undefined;
  const ids = value.map((id) => (typeof id === 'string' ? parseEventId(id) : undefined));
  const wellFormed = ids.filter((id) => id !== undefined);
  return wellFormed.length === ids.length ? [...new Set(wellFormed)] : undefined;
}

function readInstant(value: unknown): number | undefined {
  if (typeof value !== 'string' || !INSTANT.test(value)) return undefined;
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? undefined : instant;
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((name) => name === value);
}

function isEmptyRange({ receivedFrom, receivedTo }: EventFilter): boolean {
  return receivedFrom !== undefined && receivedTo !== undefined && receivedFrom >= receivedTo;
}
