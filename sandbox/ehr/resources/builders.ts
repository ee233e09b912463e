import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { allergyIntoleranceR4, allergyIntoleranceR5 } from './allergy-intolerance.ts';
import { appointmentR4, appointmentR5 } from './appointment.ts';
import { conditionR4, conditionR5 } from './condition.ts';
import { diagnosticReportR4, diagnosticReportR5 } from './diagnostic-report.ts';
import { documentReferenceR4, documentReferenceR5 } from './document-reference.ts';
import type { Builder } from './draft.ts';
import { encounterR4, encounterR5 } from './encounter.ts';
import { medicationRequestR4, medicationRequestR5 } from './medication-request.ts';
import { observationR4, observationR5 } from './observation.ts';
import { patientR4, patientR5 } from './patient.ts';

export const RESOURCE_TYPES = [
  'Patient',
  'Encounter',
  'Observation',
  'Condition',
  'MedicationRequest',
  'DiagnosticReport',
  'DocumentReference',
  'Appointment',
  'AllergyIntolerance',
] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

export type Builders<Resource> = Readonly<Record<ResourceType, Builder<Resource>>>;

export const R4_BUILDERS: Builders<r4.FhirResource> = {
  Patient: patientR4,
  Encounter: encounterR4,
  Observation: observationR4,
  Condition: conditionR4,
  MedicationRequest: medicationRequestR4,
  DiagnosticReport: diagnosticReportR4,
  DocumentReference: documentReferenceR4,
  Appointment: appointmentR4,
  AllergyIntolerance: allergyIntoleranceR4,
};

export const R5_BUILDERS: Builders<r5.FhirResource> = {
  Patient: patientR5,
  Encounter: encounterR5,
  Observation: observationR5,
  Condition: conditionR5,
  MedicationRequest: medicationRequestR5,
  DiagnosticReport: diagnosticReportR5,
  DocumentReference: documentReferenceR5,
  Appointment: appointmentR5,
  AllergyIntolerance: allergyIntoleranceR5,
};
