import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { narrative, prose } from '../narrative.ts';
import { clinician } from '../people.ts';
import { CONDITIONS, MEDICATIONS } from '../terminology.ts';
import { concept, type Draft, encounter, identifier, meta, stage, subject } from './draft.ts';

export function medicationRequestR4(draft: Draft): r4.MedicationRequest {
  const medication = concept(draft.traits.pick(MEDICATIONS));
  const reason = concept(draft.traits.pick(CONDITIONS));
  return { ...common(draft), medicationCodeableConcept: medication, reasonCode: [reason] };
}

export function medicationRequestR5(draft: Draft): r5.MedicationRequest {
  const medication = concept(draft.traits.pick(MEDICATIONS));
  const reason = concept(draft.traits.pick(CONDITIONS));
  return { ...common(draft), medication: { concept: medication }, reason: [{ concept: reason }] };
}

function common(draft: Draft) {
  const frequency = draft.traits.integer(1, 3);
  return {
    resourceType: 'MedicationRequest' as const,
    id: draft.id,
    meta: meta(draft),
    text: narrative(prose(draft.random, draft.random.integer(100, 350))),
    identifier: identifier(draft, 'prescription'),
    status: stage(draft, ['draft', 'active', 'completed']),
    intent: 'order' as const,
    subject: subject(draft),
    encounter: encounter(draft),
    authoredOn: draft.at,
    requester: clinician(draft.traits),
    dosageInstruction: [
      {
        text: `Take 1 example tablet ${frequency} times a day`,
        timing: { repeat: { frequency, period: 1, periodUnit: 'd' as const } },
      },
    ],
    dispenseRequest: { numberOfRepeatsAllowed: draft.traits.integer(0, 5) },
  };
}
