import type { BundleEnvelope } from '../notification/envelope.ts';
import type { FindingList } from '../notification/finding-list.ts';
import { isJsonObject } from '../notification/json.ts';
import type { SchemaCheck, SchemaCompiler } from './schema-check.ts';
import { BUNDLE_HEAD, HISTORY_ENTRY, NOTIFICATION_ENTRY, TRANSACTION_ENTRY } from './schemas.ts';

export type BundleCheck = (envelope: BundleEnvelope, findings: FindingList) => void;

/**
 * Checks the Bundle of a notification, its invariants and the heads of its entries' resources.
 * @param checkResource what is checked of each resource that an entry carries.
 */
export function createBundleCheck(compile: SchemaCompiler, checkResource: SchemaCheck): BundleCheck {
  const checkHead = compile(BUNDLE_HEAD);
  const entryChecks: EntryChecks = {
    history: compile(HISTORY_ENTRY),
    notification: compile(NOTIFICATION_ENTRY),
    transaction: compile(TRANSACTION_ENTRY),
  };
  return (envelope, findings) => {
    checkHead(envelope.bundle, () => envelope.path, findings);
    checkType(envelope, findings);
    checkStatusPlace(envelope, findings);
    checkEntries(envelope, entryChecks, checkResource, findings);
  };
}

interface EntryChecks {
  readonly history: SchemaCheck;
  readonly notification: SchemaCheck;
  readonly transaction: SchemaCheck;
}

/** The Bundle's type and its status go together by release; bdl-1 allows `total` in a history only. */
function checkType({ bundle, path, status }: BundleEnvelope, findings: FindingList): void {
  const { type } = bundle;
  if (status !== undefined) {
    const expected =
      type === 'history' || (type === 'subscription-notification' && status.shape === 'subscription-status');
    if (!expected) findings.add('bundle-type-unexpected', `${path}.type`);
  }
  if (bundle.total !== undefined && type !== 'history') findings.add('bundle-total-present', `${path}.total`);
}

/** bdl-13 and backport-notification-bundle-1: the status is the first entry. */
function checkStatusPlace({ bundle, path, status }: BundleEnvelope, findings: FindingList): void {
  if (bundle.type === 'message') findings.add('message-without-notification', `${path}.entry`);
  else if (status === undefined) {
    if (bundle.type !== 'transaction' && bundle.type !== 'batch')
      findings.add('status-missing', `${path}.entry`);
  } else if (status.index > 0) findings.add('status-not-first', `${path}.entry[${status.index}]`);
}

function checkEntries(
  { bundle, path, entries }: BundleEnvelope,
  checks: EntryChecks,
  checkResource: SchemaCheck,
  findings: FindingList,
): void {
  const checkEntry = entryCheckFor(bundle.type, checks);
  for (let index = 0; index < entries.length && !findings.settled; index++) {
    const entry = entries[index];
    checkEntry?.(entry, () => `${path}.entry[${index}]`, findings);
    if (!isJsonObject(entry)) findings.add('entry-invalid', `${path}.entry[${index}]`);
    else if (isJsonObject(entry.resource)) {
      checkResource(entry.resource, () => `${path}.entry[${index}].resource`, findings);
    }
  }
}

function entryCheckFor(type: unknown, checks: EntryChecks): SchemaCheck | undefined {
  if (type === 'history') return checks.history;
  if (type === 'subscription-notification') return checks.notification;
  return type === 'transaction' || type === 'batch' ? checks.transaction : undefined;
}
