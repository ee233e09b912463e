import type { FindingCode } from './finding-codes.ts';
import type { FindingList } from './finding-list.ts';

const DIGITS = /^[0-9]{1,19}$/;

/** Where the value stands, and what it is called when it is not a count. */
interface Integer64Place {
  readonly path: string;
  readonly element: string;
  readonly invalid: Extract<FindingCode, 'events-since-start-invalid' | 'event-number-invalid'>;
}

/**
 * A count as text: FHIR R5 `integer64` is a JSON string (R5 §2.1.28.0.1), R4 and R4B use `string`. A JSON number is
 * understood while it is exact.
 * @returns undefined where it is absent, or no count: the latter with a finding.
 */
export function readInteger64(
  value: unknown,
  place: Integer64Place,
  findings: FindingList,
): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && DIGITS.test(value)) return value;
  const path = `${place.path}.${place.element}`;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    findings.add('integer64-as-number', path);
    return String(value);
  }
  findings.add(place.invalid, path);
  return undefined;
}
