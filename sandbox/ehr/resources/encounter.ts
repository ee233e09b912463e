import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { narrative, prose } from '../narrative.ts';
import { clinician, place } from '../people.ts';
import { CONDITIONS, ENCOUNTER_CLASSES, hl7 } from '../terminology.ts';
import { coding, concept, type Draft, identifier, meta, stage, subject } from './draft.ts';

const ATTENDER = hl7('v3-ParticipationType', 'ATND', 'attender');

export function encounterR4(draft: Draft): r4.Encounter {
  const { kind, doctor, ward, reason } = choices(draft);
  const period = { start: draft.at };
  return {
    ...common(draft),
    resourceType: 'Encounter',
    status: stage(draft, ['planned', 'arrived', 'in-progress', 'finished']),
    class: coding(kind),
    participant: [{ type: [concept(ATTENDER)], period, individual: doctor }],
    period,
    reasonCode: [concept(reason)],
    location: [{ location: ward, status: 'active', period }],
  };
}

export function encounterR5(draft: Draft): r5.Encounter {
  const { kind, doctor, ward, reason } = choices(draft);
  const period = { start: draft.at };
  return {
    ...common(draft),
    resourceType: 'Encounter',
    status: stage(draft, ['planned', 'in-progress', 'discharged', 'completed']),
    class: [concept(kind)],
    participant: [{ type: [concept(ATTENDER)], period, actor: doctor }],
    actualPeriod: period,
    reason: [{ value: [{ concept: concept(reason) }] }],
    location: [{ location: ward, status: 'active', period }],
  };
}

function choices({ traits }: Draft) {
  return {
    kind: traits.pick(ENCOUNTER_CLASSES),
    doctor: clinician(traits),
    ward: place(traits),
    reason: traits.pick(CONDITIONS),
  };
}

function common(draft: Draft) {
  return {
    id: draft.id,
    meta: meta(draft),
    text: narrative(prose(draft.random, draft.random.integer(120, 400))),
    identifier: identifier(draft, 'visit'),
    subject: subject(draft),
    serviceProvider: { reference: 'Organization/sandbox-hospital', display: 'Sandbox Hospital (not real)' },
  };
}
