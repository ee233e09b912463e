import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { prose } from '../narrative.ts';
import { clinician, place } from '../people.ts';
import { APPOINTMENT_TYPES, CONDITIONS, SPECIALTIES } from '../terminology.ts';
import { concept, type Draft, identifier, meta, stage, subject } from './draft.ts';

export function appointmentR4(draft: Draft): r4.Appointment {
  const { participants, reason, ...shared } = common(draft);
  return {
    ...shared,
    reasonCode: [reason],
    comment: prose(draft.random, draft.random.integer(80, 300)),
    participant: participants.map((participant) => ({ ...participant, required: 'required' as const })),
  };
}

export function appointmentR5(draft: Draft): r5.Appointment {
  const { participants, reason, ...shared } = common(draft);
  return {
    ...shared,
    subject: subject(draft),
    reason: [{ concept: reason }],
    note: [{ text: prose(draft.random, draft.random.integer(80, 300)) }],
    participant: participants.map((participant) => ({ ...participant, required: true })),
  };
}

function common(draft: Draft) {
  const minutes = draft.traits.pick([15, 20, 30, 45]);
  const start = Date.parse(draft.at) + draft.traits.integer(1, 60) * 86_400_000;
  return {
    resourceType: 'Appointment' as const,
    id: draft.id,
    meta: meta(draft),
    identifier: identifier(draft, 'appointment'),
    status: stage(draft, ['proposed', 'booked', 'arrived', 'fulfilled']),
    specialty: [concept(draft.traits.pick(SPECIALTIES))],
    appointmentType: concept(draft.traits.pick(APPOINTMENT_TYPES)),
    reason: concept(draft.traits.pick(CONDITIONS)),
    description: 'Synthetic visit',
    start: new Date(start).toISOString(),
    end: new Date(start + minutes * 60_000).toISOString(),
    minutesDuration: minutes,
    created: draft.at,
    participants: [subject(draft), clinician(draft.traits), place(draft.traits)].map((actor) => ({
      actor,
      status: 'accepted' as const,
    })),
  };
}
