import type { ContentLevel } from './notifications/types.ts';
import type { ResourceType } from './resources/builders.ts';

/** Shares of what a workload holds; each share is a probability from 0 to 1, weights are relative. */
export interface Mix {
  readonly types: Readonly<Partial<Record<ResourceType, number>>>;
  readonly openResources: number;
  readonly versionsPerResource: number;
  readonly deletionShare: number;
  readonly attachmentBytes: { readonly from: number; readonly to: number };
  /** Whether a subscription begins with a handshake. */
  readonly handshakeFirst: boolean;
  readonly heartbeatShare: number;
  readonly content: Readonly<Partial<Record<ContentLevel, number>>>;
  /** Share of notifications that tell several events, from 2 to `largestBatch`. */
  readonly batchShare: number;
  readonly largestBatch: number;
  /** R4 rest-hooks: share of empty pings, and of changes sent as `PUT {Type}/{id}` rather than POST. */
  readonly pingShare: number;
  readonly putShare: number;
  /** Smaller bodies are filled up to about this size, bytes; 0 leaves them as they are. */
  readonly targetBytes: number;
}

const EVERY_TYPE: Mix['types'] = {
  Observation: 40,
  Encounter: 14,
  DiagnosticReport: 10,
  MedicationRequest: 9,
  Condition: 8,
  Appointment: 7,
  Patient: 5,
  AllergyIntolerance: 4,
  DocumentReference: 3,
};

/** Every notification is an event that carries its resources in full: a receiver can check the order of each focus. */
export const STEADY_MIX: Mix = {
  types: EVERY_TYPE,
  openResources: 16,
  versionsPerResource: 12,
  deletionShare: 0,
  attachmentBytes: { from: 1_500, to: 140_000 },
  handshakeFirst: false,
  heartbeatShare: 0,
  content: { 'full-resource': 1 },
  batchShare: 0,
  largestBatch: 4,
  pingShare: 0,
  putShare: 0.5,
  targetBytes: 0,
};

/** What a hospital's day looks like: handshake, heartbeats, batches, deletions, every content level. */
export const HOSPITAL_MIX: Mix = {
  ...STEADY_MIX,
  deletionShare: 0.02,
  handshakeFirst: true,
  heartbeatShare: 0.02,
  content: { 'full-resource': 88, 'id-only': 9, empty: 3 },
  batchShare: 0.12,
  pingShare: 0.02,
};

/** Small and even: laboratory results and vital signs alone, for measuring. */
export const SMALL_MIX: Mix = { ...STEADY_MIX, types: { Observation: 1 } };
