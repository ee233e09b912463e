import type { CorePlatform } from '../core-platform/core-platform.ts';
import type { AuditVerification } from './audit-verification.ts';
import type { GatewayExit } from './gateway-process.ts';
import type { Tracker } from './tracker.ts';

export interface RunEnd {
  readonly tracker: Tracker;
  readonly core: Pick<CorePlatform, 'received' | 'violations'>;
  readonly audit: AuditVerification | undefined;
  readonly gateway: GatewayExit | undefined;
  /** Organizations that must have audit records. */
  readonly organizations: readonly string[];
  /** Set where the run was cut short: by Ctrl-C, or because nothing moved any more. */
  readonly cutShort: string | undefined;
}

/** Everything that keeps the run from being a success; empty where there is nothing. */
export function findFailures(end: RunEnd): string[] {
  return [
    ...(end.cutShort === undefined ? [] : [end.cutShort]),
    ...trackerFailures(end.tracker),
    ...coreFailures(end),
    ...gatewayFailures(end.gateway),
    ...auditFailures(end.audit, end.organizations),
  ];
}

function trackerFailures(tracker: Tracker): string[] {
  const failures = tracker.problems.slice(0, 10);
  const { counts } = tracker;
  if (tracker.problemCount > failures.length)
    failures.push(`and ${tracker.problemCount - failures.length} more of these`);
  if (counts.unanswered > 0) failures.push(`${counts.unanswered} sendings ended without an answer`);
  if (tracker.undelivered > 0) {
    failures.push(
      `${tracker.undelivered} accepted events were not delivered, such as ${tracker.undeliveredIds.join(', ')}`,
    );
  }
  if (tracker.unacknowledged > 0)
    failures.push(`${tracker.unacknowledged} events were delivered that no sender was told of`);
  if (counts.accepted === 0) failures.push('nothing was accepted');
  return failures;
}

function coreFailures({ core, tracker }: RunEnd): string[] {
  const { violations, received } = core;
  const failures = violations.first
    .slice(0, 10)
    .map(({ kind, ceId, detail }) => `core platform: ${kind} ${ceId} ${detail}`);
  if (violations.count > failures.length)
    failures.push(`and ${violations.count - failures.length} more of these`);
  const verified = received.verifiedByLibrary + received.verifiedByBytesOnly;
  if (verified < tracker.counts.delivered) failures.push('not every delivery had a verified signature');
  return failures.map((failure) => failure.trimEnd());
}

function gatewayFailures(exit: GatewayExit | undefined): string[] {
  if (exit === undefined || exit.code === 0) return [];
  return [`the gateway ended with ${exit.signal ?? `exit code ${exit.code}`}, not 0`];
}

function auditFailures(audit: AuditVerification | undefined, organizations: readonly string[]): string[] {
  if (audit === undefined) return ['the audit chain was not verified'];
  const failures = audit.exitCode === 0 ? [] : [`audit verify ended with exit code ${audit.exitCode}`];
  const missing = organizations.filter(
    (id) => !audit.organizations.some((one) => one.organization === id && one.records > 0),
  );
  if (missing.length > 0) failures.push(`audit verify reports no records of ${missing.join(', ')}`);
  return failures;
}
