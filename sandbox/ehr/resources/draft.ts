import type { Person } from '../people.ts';
import type { Random } from '../random.ts';
import type { Code, Measure } from '../terminology.ts';
import { UCUM } from '../terminology.ts';

/** What every resource builder is given: one version of one resource of one patient. */
export interface Draft {
  readonly id: string;
  /** From 1, growing by one with every change of the resource. */
  readonly version: number;
  /** Time of this version, RFC 3339. */
  readonly at: string;
  readonly patient: Person;
  /** Drawn from the same start for every version: choices that stay with the resource. */
  readonly traits: Random;
  /** Drawn anew for every version: values that change. */
  readonly random: Random;
  /** Size of the attachment of a document before base64, bytes. */
  readonly attachmentBytes: number;
}

export type Builder<Resource> = (draft: Draft) => Resource;

export function meta(draft: Draft): { versionId: string; lastUpdated: string; source: string } {
  return { versionId: String(draft.version), lastUpdated: draft.at, source: '#sandbox-ehr' };
}

export function identifier(draft: Draft, kind: string): { system: string; value: string }[] {
  return [{ system: `https://ehr.example/ids/${kind}`, value: draft.id }];
}

export function subject(draft: Draft): { reference: string; display: string } {
  return {
    reference: `Patient/${draft.patient.id}`,
    display: `${draft.patient.given} ${draft.patient.family}`,
  };
}

export function encounter(draft: Draft): { reference: string } {
  return { reference: `Encounter/encounter-of-${draft.patient.id}` };
}

export function concept(code: Code): {
  coding: { system: string; code: string; display: string }[];
  text: string;
} {
  return { coding: [coding(code)], text: code.display };
}

export function coding(code: Code): { system: string; code: string; display: string } {
  return { system: code.system, code: code.code, display: code.display };
}

export function quantity(
  value: number,
  measured: Measure,
): { value: number; unit: string; system: string; code: string } {
  return { value, unit: measured.unit, system: UCUM, code: measured.unit };
}

/** Where a resource stands in its life: one step with each version, then staying at the last. */
export function stage<const T extends string>(draft: Draft, steps: readonly [T, ...T[]]): T {
  return steps[Math.min(draft.version, steps.length) - 1] ?? steps[0];
}
