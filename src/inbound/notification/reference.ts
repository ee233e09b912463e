/** Name of a resource type: FHIR's own are at most 33 letters, vendors add theirs. */
const TYPE = '[A-Z][A-Za-z]{1,63}';
/** FHIR `id` (R4 §2.24.0.1). */
const ID = '[A-Za-z0-9.\\-]{1,64}';

const TYPE_ONLY = new RegExp(`^${TYPE}$`);
const ID_ONLY = new RegExp(`^${ID}$`);
const RELATIVE_OR_URL = new RegExp(`^(?:https?://[^?#]*/)?(${TYPE}/${ID})(?:/_history/${ID})?$`);
/** FHIR `uri` without white space; anything else could not be sent in a header. */
const PRINTABLE = /^[\x21-\x7e]{1,2048}$/;
const PATIENT = 'Patient/';

/** Sources of the patterns, for the JSON Schemas. */
export const TYPE_PATTERN = `^${TYPE}$`;
export const ID_PATTERN = `^${ID}$`;

export function isResourceType(text: unknown): text is string {
  return typeof text === 'string' && TYPE_ONLY.test(text);
}

export function isResourceId(text: unknown): text is string {
  return typeof text === 'string' && ID_ONLY.test(text);
}

/**
 * A literal reference as `Type/id` where it ends in one (version and base URL dropped), else as it is.
 * @returns undefined for what is no FHIR uri: white space, control or non-ASCII characters, over 2048 characters.
 */
export function normalizeReference(reference: string): string | undefined {
  if (!PRINTABLE.test(reference)) return undefined;
  return RELATIVE_OR_URL.exec(reference)?.[1] ?? reference;
}

/** The text where it could be a FHIR uri, unchanged; else undefined. */
export function printableUri(text: string | undefined): string | undefined {
  return text !== undefined && PRINTABLE.test(text) ? text : undefined;
}

/** `Patient/id` where the reference names a patient, else undefined. */
export function patientReference(reference: unknown): string | undefined {
  if (typeof reference !== 'string' || !reference.includes(PATIENT)) return undefined;
  const normal = normalizeReference(reference);
  return normal?.startsWith(PATIENT) && isResourceId(normal.slice(PATIENT.length)) ? normal : undefined;
}
