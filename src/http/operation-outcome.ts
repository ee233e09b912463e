import type { Finding } from '../inbound/outcome.ts';
import { REFUSALS, type RefusalCode } from './refusal.ts';

export const FHIR_JSON = 'application/fhir+json';

/** An OperationOutcome (FHIR R4 §3.2.15) of one issue for a refusal. `diagnostics` holds the request id, nothing else. */
export function operationOutcome(code: RefusalCode, requestId?: string): string {
  const { status, issue, title } = REFUSALS[code];
  const diagnostics = requestId === undefined ? undefined : `request ${requestId}`;
  return encode([
    { severity: status >= 500 ? 'fatal' : 'error', code: issue, details: { text: title }, diagnostics },
  ]);
}

/** An OperationOutcome that names, for each finding, its stable code and where it is, never a value. */
export function findingsOutcome(findings: readonly Finding[]): string {
  if (findings.length === 0) return operationOutcome('invalid');
  return encode(
    findings.map(({ code, severity, path }) => ({
      severity,
      code: REFUSALS.invalid.issue,
      details: { text: code },
      expression: [path],
    })),
  );
}

function encode(issue: readonly object[]): string {
  return JSON.stringify({ resourceType: 'OperationOutcome', issue });
}
