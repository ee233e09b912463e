import { isJsonObject, itemsOf, type JsonObject } from './json.ts';
import { isResourceId, patientReference } from './reference.ts';

/**
 * Elements of the patient compartment (R4 §compartmentdefinition-patient) by which a resource says whose it is, among
 * those that stand at its top level. Each holds a Reference or a list of them, of any type.
 */
const SUBJECT_ELEMENTS = [
  'subject',
  'patient',
  'beneficiary',
  'subscriber',
  'for',
  'individual',
  'actor',
  'target',
] as const;

/** Adds the patients a carried resource is about: itself where it is one, else those its subject elements name. */
export function addPatientsOf(resource: JsonObject, patients: Set<string>): void {
  if (resource.resourceType === 'Patient' && isResourceId(resource.id))
    patients.add(`Patient/${resource.id}`);
  for (const element of SUBJECT_ELEMENTS) {
    const value = resource[element];
    if (value !== undefined) addReferences(value, patients);
  }
  // Appointments name their patient nowhere else.
  for (const participant of itemsOf(resource.participant)) {
    if (isJsonObject(participant)) addReferences(participant.actor, patients);
  }
}

function addReferences(value: unknown, patients: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) addReference(item, patients);
  else addReference(value, patients);
}

function addReference(value: unknown, patients: Set<string>): void {
  const patient = isJsonObject(value) ? patientReference(value.reference) : undefined;
  if (patient !== undefined) patients.add(patient);
}
