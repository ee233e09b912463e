import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { narrative, prose } from '../narrative.ts';
import { clinician } from '../people.ts';
import { CONDITIONS, hl7 } from '../terminology.ts';
import { concept, type Draft, encounter, identifier, meta, stage, subject } from './draft.ts';

export function conditionR4(draft: Draft): r4.Condition {
  return { ...common(draft), recorder: clinician(draft.traits) };
}

export function conditionR5(draft: Draft): r5.Condition {
  const author = hl7('provenance-participant-type', 'author', 'Author');
  return { ...common(draft), participant: [{ function: concept(author), actor: clinician(draft.traits) }] };
}

function common(draft: Draft) {
  const clinical = stage(draft, ['active', 'remission', 'resolved']);
  return {
    resourceType: 'Condition' as const,
    id: draft.id,
    meta: meta(draft),
    text: narrative(prose(draft.random, draft.random.integer(100, 500))),
    identifier: identifier(draft, 'problem'),
    clinicalStatus: concept(hl7('condition-clinical', clinical, clinical)),
    verificationStatus: concept(hl7('condition-ver-status', 'confirmed', 'Confirmed')),
    category: [concept(hl7('condition-category', 'problem-list-item', 'Problem List Item'))],
    code: concept(draft.traits.pick(CONDITIONS)),
    subject: subject(draft),
    encounter: encounter(draft),
    onsetDateTime: `${draft.traits.integer(2005, 2024)}-03`,
    recordedDate: draft.at,
  };
}
