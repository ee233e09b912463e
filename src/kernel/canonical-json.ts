/** A JSON value as this program makes it. Members that are undefined count as absent; numbers are finite. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/**
 * Canonical JSON text (RFC 8785): no white space, members sorted by UTF-16 code units, numbers and strings as
 * ECMAScript serialises them. Only for values this program builds, whose depth is small and fixed.
 * @throws TypeError for a number that is not finite.
 */
export function canonicalJson(value: JsonValue): string {
  if (isInOrder(value)) return JSON.stringify(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a number must be finite');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`);
  return `{${members.join(',')}}`;
}

/** Whether `JSON.stringify` writes the value in canonical form as it is: every object's keys ascend, numbers are finite. */
function isInOrder(value: JsonValue): boolean {
  if (value === null || typeof value !== 'object') return typeof value !== 'number' || Number.isFinite(value);
  if (isArray(value)) return value.every(isInOrder);
  let previous = '';
  for (const key in value) {
    if (key < previous || !isInOrder(value[key] as JsonValue)) return false;
    previous = key;
  }
  return true;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
