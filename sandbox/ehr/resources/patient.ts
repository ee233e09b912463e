import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { narrative } from '../narrative.ts';
import { fullName } from '../people.ts';
import { hl7 } from '../terminology.ts';
import { concept, type Draft, meta } from './draft.ts';

export const patientR4 = (draft: Draft): r4.Patient => patient(draft);
export const patientR5 = (draft: Draft): r5.Patient => patient(draft);

/** Patient has the same form in R4 and R5 as far as it is used here. */
function patient(draft: Draft) {
  const person = draft.patient;
  return {
    resourceType: 'Patient' as const,
    id: person.id,
    meta: meta(draft),
    text: narrative(
      `${fullName(person)}, born ${person.birthDate}. Synthetic record, version ${draft.version}.`,
    ),
    identifier: [
      {
        use: 'usual' as const,
        type: concept(hl7('v2-0203', 'MR', 'Medical record number')),
        system: 'https://ehr.example/ids/mrn',
        value: person.mrn,
      },
    ],
    active: true,
    name: [{ use: 'official' as const, family: person.family, given: [person.given] }],
    telecom: [
      { system: 'phone' as const, value: person.phone, use: 'home' as const },
      { system: 'email' as const, value: person.email },
    ],
    gender: person.gender,
    birthDate: person.birthDate,
    address: [
      { use: 'home' as const, line: [person.street], city: person.city, postalCode: person.postalCode },
    ],
  };
}
