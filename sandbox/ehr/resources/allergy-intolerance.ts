import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { prose } from '../narrative.ts';
import { clinician } from '../people.ts';
import { ALLERGIES, hl7, REACTIONS } from '../terminology.ts';
import { concept, type Draft, encounter, identifier, meta, stage, subject } from './draft.ts';

export function allergyIntoleranceR4(draft: Draft): r4.AllergyIntolerance {
  const { manifestation, severity, ...shared } = common(draft);
  return {
    ...shared,
    type: 'allergy',
    recorder: clinician(draft.traits),
    reaction: [{ manifestation: [manifestation], severity }],
  };
}

export function allergyIntoleranceR5(draft: Draft): r5.AllergyIntolerance {
  const { manifestation, severity, ...shared } = common(draft);
  return {
    ...shared,
    type: concept(hl7('allergy-intolerance-type', 'allergy', 'Allergy')),
    participant: [{ actor: clinician(draft.traits) }],
    reaction: [{ manifestation: [{ concept: manifestation }], severity }],
  };
}

function common(draft: Draft) {
  const allergy = draft.traits.pick(ALLERGIES);
  const clinical = stage(draft, ['active', 'inactive', 'resolved']);
  return {
    resourceType: 'AllergyIntolerance' as const,
    id: draft.id,
    meta: meta(draft),
    identifier: identifier(draft, 'allergy'),
    clinicalStatus: concept(hl7('allergyintolerance-clinical', clinical, clinical)),
    verificationStatus: concept(hl7('allergyintolerance-verification', 'confirmed', 'Confirmed')),
    category: [allergy.category],
    criticality: draft.traits.pick(['low', 'high', 'unable-to-assess'] as const),
    code: concept(allergy),
    patient: subject(draft),
    encounter: encounter(draft),
    recordedDate: draft.at,
    note: [{ text: prose(draft.random, draft.random.integer(60, 300)) }],
    manifestation: concept(draft.traits.pick(REACTIONS)),
    severity: draft.random.pick(['mild', 'moderate', 'severe'] as const),
  };
}
