import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { prose } from '../narrative.ts';
import { clinician } from '../people.ts';
import { hl7, LABS, REPORTS } from '../terminology.ts';
import { concept, type Draft, encounter, identifier, meta, stage, subject } from './draft.ts';
import { measurement } from './observation.ts';

export const diagnosticReportR4 = (draft: Draft): r4.DiagnosticReport => diagnosticReport(draft);
export const diagnosticReportR5 = (draft: Draft): r5.DiagnosticReport => diagnosticReport(draft);

/** A laboratory panel with its results contained; the same form in R4 and R5 as far as it is used here. */
function diagnosticReport(draft: Draft) {
  const results = LABS.slice(0, draft.traits.integer(2, LABS.length)).map((measured, index) => ({
    resourceType: 'Observation' as const,
    id: `result-${index + 1}`,
    status: 'final' as const,
    subject: subject(draft),
    effectiveDateTime: draft.at,
    ...measurement(draft.random, measured),
  }));
  return {
    resourceType: 'DiagnosticReport' as const,
    id: draft.id,
    meta: meta(draft),
    contained: results,
    identifier: identifier(draft, 'report'),
    status: stage(draft, ['registered', 'partial', 'final', 'amended']),
    category: [concept(hl7('v2-0074', 'LAB', 'Laboratory'))],
    code: concept(draft.traits.pick(REPORTS)),
    subject: subject(draft),
    encounter: encounter(draft),
    effectiveDateTime: draft.at,
    issued: draft.at,
    performer: [clinician(draft.traits)],
    result: results.map((result) => ({ reference: `#${result.id}` })),
    conclusion: prose(draft.random, draft.random.integer(80, 600)),
  };
}
