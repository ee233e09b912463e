/** A code of a code system, as FHIR's Coding. */
export interface Code {
  readonly system: string;
  readonly code: string;
  readonly display: string;
}

const LOINC = 'http://loinc.org';
const SNOMED = 'http://snomed.info/sct';
const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
export const UCUM = 'http://unitsofmeasure.org';
const HL7 = 'http://terminology.hl7.org/CodeSystem';

const loinc = (code: string, display: string): Code => ({ system: LOINC, code, display });
const snomed = (code: string, display: string): Code => ({ system: SNOMED, code, display });
const rxnorm = (code: string, display: string): Code => ({ system: RXNORM, code, display });

/** A code of a code system that HL7 itself keeps, e.g. `hl7('v3-ActCode', 'AMB', 'ambulatory')`. */
export function hl7(table: string, code: string, display: string): Code {
  return { system: `${HL7}/${table}`, code, display };
}

/** A quantity that is measured: its unit (UCUM), the reference range and the range values are drawn from. */
export interface Measure extends Code {
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly from: number;
  readonly to: number;
  readonly decimals: number;
}

type Range = readonly [number, number];

function measure(code: Code, unit: string, normal: Range, drawn: Range, decimals: number): Measure {
  return { ...code, unit, low: normal[0], high: normal[1], from: drawn[0], to: drawn[1], decimals };
}

export const LABS: readonly Measure[] = [
  measure(loinc('2345-7', 'Glucose [Mass/volume] in Serum or Plasma'), 'mg/dL', [70, 99], [55, 240], 0),
  measure(loinc('2160-0', 'Creatinine [Mass/volume] in Serum or Plasma'), 'mg/dL', [0.6, 1.2], [0.4, 3.5], 2),
  measure(
    loinc('2823-3', 'Potassium [Moles/volume] in Serum or Plasma'),
    'mmol/L',
    [3.5, 5.1],
    [2.8, 6.2],
    1,
  ),
  measure(loinc('2951-2', 'Sodium [Moles/volume] in Serum or Plasma'), 'mmol/L', [136, 145], [126, 152], 0),
  measure(loinc('718-7', 'Hemoglobin [Mass/volume] in Blood'), 'g/dL', [12, 17.5], [7.5, 19], 1),
  measure(
    loinc('6690-2', 'Leukocytes [#/volume] in Blood by Automated count'),
    '10*3/uL',
    [4, 11],
    [1.5, 22],
    1,
  ),
  measure(
    loinc('777-3', 'Platelets [#/volume] in Blood by Automated count'),
    '10*3/uL',
    [150, 400],
    [60, 620],
    0,
  ),
  measure(loinc('4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood'), '%', [4, 5.6], [4.2, 11.5], 1),
  measure(
    loinc('1742-6', 'Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma'),
    'U/L',
    [7, 56],
    [5, 180],
    0,
  ),
];

export const VITALS: readonly Measure[] = [
  measure(loinc('8867-4', 'Heart rate'), '/min', [60, 100], [44, 138], 0),
  measure(loinc('8310-5', 'Body temperature'), 'Cel', [36.1, 37.5], [35.4, 40.2], 1),
  measure(loinc('9279-1', 'Respiratory rate'), '/min', [12, 20], [8, 34], 0),
  measure(
    loinc('59408-5', 'Oxygen saturation in Arterial blood by Pulse oximetry'),
    '%',
    [95, 100],
    [84, 100],
    0,
  ),
  measure(loinc('29463-7', 'Body weight'), 'kg', [45, 110], [38, 160], 1),
];

export const BLOOD_PRESSURE = loinc('85354-9', 'Blood pressure panel with all children optional');
export const SYSTOLIC = measure(
  loinc('8480-6', 'Systolic blood pressure'),
  'mm[Hg]',
  [90, 130],
  [84, 196],
  0,
);
export const DIASTOLIC = measure(
  loinc('8462-4', 'Diastolic blood pressure'),
  'mm[Hg]',
  [60, 85],
  [46, 112],
  0,
);

export const REPORTS: readonly Code[] = [
  loinc('58410-2', 'CBC panel - Blood by Automated count'),
  loinc('24323-8', 'Comprehensive metabolic 2000 panel - Serum or Plasma'),
];

export const DOCUMENTS: readonly Code[] = [
  loinc('11506-3', 'Progress note'),
  loinc('11488-4', 'Consult note'),
  loinc('18842-5', 'Discharge summary'),
  loinc('34133-9', 'Summary of episode note'),
];

export const CONDITIONS: readonly Code[] = [
  snomed('44054006', 'Diabetes mellitus type 2'),
  snomed('38341003', 'Hypertensive disorder'),
  snomed('195967001', 'Asthma'),
  snomed('13645005', 'Chronic obstructive lung disease'),
  snomed('84114007', 'Heart failure'),
  snomed('709044004', 'Chronic kidney disease'),
  snomed('40930008', 'Hypothyroidism'),
];

export const MEDICATIONS: readonly Code[] = [
  rxnorm('861007', 'metformin hydrochloride 500 MG Oral Tablet'),
  rxnorm('314076', 'lisinopril 10 MG Oral Tablet'),
  rxnorm('197361', 'amlodipine 5 MG Oral Tablet'),
  rxnorm('312961', 'simvastatin 20 MG Oral Tablet'),
  rxnorm('313782', 'acetaminophen 325 MG Oral Tablet'),
];

export const ALLERGIES: readonly (Code & { readonly category: 'food' | 'medication' | 'environment' })[] = [
  { ...snomed('91936005', 'Allergy to penicillin'), category: 'medication' },
  { ...snomed('91935009', 'Allergy to peanut'), category: 'food' },
  { ...snomed('419474003', 'Allergy to mould'), category: 'environment' },
];

export const REACTIONS: readonly Code[] = [
  snomed('126485001', 'Urticaria'),
  snomed('271807003', 'Eruption of skin'),
  snomed('267036007', 'Dyspnea'),
];

export const APPOINTMENT_TYPES: readonly Code[] = [
  hl7('v2-0276', 'ROUTINE', 'Routine appointment'),
  hl7('v2-0276', 'FOLLOWUP', 'A follow up visit from a previous appointment'),
  hl7('v2-0276', 'CHECKUP', 'A routine check-up, such as an annual physical'),
];

export const SPECIALTIES: readonly Code[] = [
  snomed('394802001', 'General medicine'),
  snomed('394579002', 'Cardiology'),
  snomed('394583002', 'Endocrinology'),
];

export const ENCOUNTER_CLASSES: readonly Code[] = [
  hl7('v3-ActCode', 'AMB', 'ambulatory'),
  hl7('v3-ActCode', 'IMP', 'inpatient encounter'),
  hl7('v3-ActCode', 'EMER', 'emergency'),
];
