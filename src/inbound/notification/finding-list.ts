import type { Finding } from '../outcome.ts';
import { FINDING_SEVERITIES, type FindingCode } from './finding-codes.ts';

const LIMIT = 20;

/**
 * Findings of one notification, in the order they were made, without repeats and at most 20, whatever the body holds.
 * An error is never lost to the limit: the first one displaces the last lesser finding.
 */
export class FindingList {
  readonly #findings: Finding[] = [];
  readonly #knownDeviations: readonly string[];
  #hasError = false;

  /** @param knownDeviations codes that this sender is known to cause: kept, as information. */
  constructor(knownDeviations: readonly string[] = []) {
    this.#knownDeviations = knownDeviations;
  }

  /** @param path FHIRPath-like expression of where it was found; holds no value of the body. */
  add(code: FindingCode, path: string): void {
    if (this.#findings.some((finding) => finding.code === code && finding.path === path)) return;
    const severity = this.#knownDeviations.includes(code) ? 'information' : FINDING_SEVERITIES[code];
    if (this.#findings.length < LIMIT) this.#keep({ code, severity, path });
    else if (severity === 'error' && !this.#hasError) {
      this.#findings.pop();
      this.#keep({ code, severity, path });
    } else this.#markTruncated();
  }

  /** Whether looking further would change nothing about the verdict or the list. */
  get settled(): boolean {
    return this.#findings.length >= LIMIT && this.#hasError;
  }

  get list(): readonly Finding[] {
    return this.#findings;
  }

  #keep(finding: Finding): void {
    this.#findings.push(finding);
    if (finding.severity === 'error') this.#hasError = true;
  }

  #markTruncated(): void {
    if (this.#findings.length > LIMIT) return;
    this.#findings.push({
      code: 'findings-truncated',
      severity: FINDING_SEVERITIES['findings-truncated'],
      path: '',
    });
  }
}
