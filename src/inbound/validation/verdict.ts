import type { Finding } from '../outcome.ts';

/** Whether findings make a notification invalid: to be refused, held or flagged as its source is configured. */
export function isInvalid(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}
