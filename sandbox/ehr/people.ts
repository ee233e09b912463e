import type { Random } from './random.ts';

/** A made-up patient. Names, numbers and places are built so that nobody can take them for a real person's. */
export interface Person {
  readonly id: string;
  readonly mrn: string;
  readonly given: string;
  readonly family: string;
  readonly gender: 'female' | 'male' | 'other';
  readonly birthDate: string;
  readonly phone: string;
  readonly email: string;
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
}

const GIVEN = [
  'Testine',
  'Fictor',
  'Samplia',
  'Mockbert',
  'Dummynique',
  'Placeholda',
  'Zoë-Exempla',
  'Fauxley',
  'Stubbard',
];
const FAMILY = [
  'Nobodyson',
  'Specimen',
  'Van Example',
  'Madeupová',
  'Inventado',
  'Fixture',
  'Seedling',
  'Ünreal',
  'Pretendergast',
];
const STREETS = ['Nowhere Lane', 'Imaginary Avenue', 'Fixture Street', 'Null Island Road'];
const CITIES = ['Exampleton', 'Testville', 'Mockborough', 'Placeholder Springs'];

export function inventPerson(random: Random, id: string): Person {
  const number = random.integer(0, 999_999).toString().padStart(6, '0');
  const year = random.integer(1931, 2019);
  const month = random.integer(1, 12).toString().padStart(2, '0');
  const day = random.integer(1, 28).toString().padStart(2, '0');
  return {
    id,
    mrn: `SYN-${number}`,
    given: random.pick(GIVEN),
    family: `${random.pick(FAMILY)}-${number.slice(0, 3)}`,
    gender: random.pick(['female', 'male', 'other'] as const),
    birthDate: `${year}-${month}-${day}`,
    // 555-0100 to 555-0199 are kept free for fiction.
    phone: `+1-555-555-01${random.integer(0, 99).toString().padStart(2, '0')}`,
    email: `patient${number}@example.org`,
    street: `${random.integer(1, 999)} ${random.pick(STREETS)}`,
    city: random.pick(CITIES),
    postalCode: random.integer(0, 999).toString().padStart(5, '0'),
  };
}

export function fullName(person: Person): string {
  return `${person.given} ${person.family}`;
}

const CLINICIANS = ['Dr. Ada Synthetica', 'Dr. Ben Mockingham', 'Dr. Cora Testwell', 'Dr. Dev Stubbs'];
const PLACES = ['Ward Example-1', 'Clinic Fixture', 'Emergency Bay Zero', 'Laboratory Null'];

/** A made-up clinician as a FHIR reference. */
export function clinician(random: Random): { reference: string; display: string } {
  const index = random.integer(0, CLINICIANS.length - 1);
  return { reference: `Practitioner/practitioner-${index}`, display: CLINICIANS[index] ?? '' };
}

/** A made-up place of care as a FHIR reference. */
export function place(random: Random): { reference: string; display: string } {
  const index = random.integer(0, PLACES.length - 1);
  return { reference: `Location/location-${index}`, display: PLACES[index] ?? '' };
}
