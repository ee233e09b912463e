import type { JsonValue } from '../kernel/canonical-json.ts';

/** Everything the audit log speaks of; a closed list, so that reports and alerts can rely on it. */
export const AUDIT_ACTIONS = [
  'gateway.start',
  'gateway.stop',
  'config.reload',
  'event.accept',
  'event.duplicate',
  'event.conflict',
  'event.refuse',
  'delivery.complete',
  'delivery.retry',
  'delivery.dead-letter',
  'event.replay',
  'payload.view',
  'key.rotate',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/**
 * Who did what to what, with which outcome. Never holds a body, a secret, or a patient identifier in clear;
 * the journal adds organization, sequence and time.
 */
export interface AuditEntry {
  readonly action: AuditAction;
  /** `source:{id}`, `user:{sub}`, `gateway`, `core`. */
  readonly actor: string;
  /** `event:{uuid}`, `source:{id}`, `config`, … */
  readonly target: string;
  readonly outcome: 'success' | 'refused' | 'failure';
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly detail?: { readonly [key: string]: JsonValue | undefined } | undefined;
}
