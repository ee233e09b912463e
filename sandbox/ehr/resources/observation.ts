import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { prose } from '../narrative.ts';
import { clinician } from '../people.ts';
import type { Random } from '../random.ts';
import { BLOOD_PRESSURE, DIASTOLIC, hl7, LABS, type Measure, SYSTOLIC, VITALS } from '../terminology.ts';
import { concept, type Draft, encounter, identifier, meta, quantity, stage, subject } from './draft.ts';

export const observationR4 = (draft: Draft): r4.Observation => observation(draft);
export const observationR5 = (draft: Draft): r5.Observation => observation(draft);

/** Laboratory result, single vital sign or blood pressure; the same form in R4 and R5. */
function observation(draft: Draft) {
  const kind = draft.traits.weighted({ lab: 6, vital: 3, pressure: 2 });
  if (kind === 'pressure') return { ...common(draft, 'vital-signs'), ...pressure(draft.random) };
  const measured = draft.traits.pick(kind === 'lab' ? LABS : VITALS);
  return {
    ...common(draft, kind === 'lab' ? 'laboratory' : 'vital-signs'),
    ...measurement(draft.random, measured),
  };
}

function common(draft: Draft, category: 'laboratory' | 'vital-signs') {
  return {
    resourceType: 'Observation' as const,
    id: draft.id,
    meta: meta(draft),
    identifier: identifier(draft, 'observation'),
    status: stage(draft, ['registered', 'preliminary', 'final', 'amended']),
    category: [
      concept(
        hl7('observation-category', category, category === 'laboratory' ? 'Laboratory' : 'Vital Signs'),
      ),
    ],
    subject: subject(draft),
    encounter: encounter(draft),
    effectiveDateTime: draft.at,
    issued: draft.at,
    performer: [clinician(draft.traits)],
    note: [{ time: draft.at, text: prose(draft.random, draft.random.integer(60, 300)) }],
  };
}

/** Code, value, interpretation and reference range of one measured quantity. */
export function measurement(random: Random, measured: Measure) {
  const value = random.decimal(measured.from, measured.to, measured.decimals);
  return {
    code: concept(measured),
    valueQuantity: quantity(value, measured),
    interpretation: [concept(interpretation(value, measured))],
    referenceRange: [{ low: quantity(measured.low, measured), high: quantity(measured.high, measured) }],
  };
}

function interpretation(value: number, measured: Measure) {
  if (value < measured.low) return hl7('v3-ObservationInterpretation', 'L', 'Low');
  if (value > measured.high) return hl7('v3-ObservationInterpretation', 'H', 'High');
  return hl7('v3-ObservationInterpretation', 'N', 'Normal');
}

function pressure(random: Random) {
  return {
    code: concept(BLOOD_PRESSURE),
    component: [SYSTOLIC, DIASTOLIC].map((measured) => measurement(random, measured)),
  };
}
