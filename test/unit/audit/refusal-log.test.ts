import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '../../../src/audit/record.ts';
import { type AuditPort, RefusalLog } from '../../../src/audit/refusal-log.ts';
import { SECOND, toInstant } from '../../../src/kernel/clock.ts';
import { journalUnavailable } from '../../../src/kernel/errors.ts';
import { GATEWAY_SCOPE, type OrganizationId } from '../../../src/kernel/ids.ts';
import { GRACE, MERCY, MERCY_LAB } from '../../support/events.ts';
import { TestClock } from '../../support/test-clock.ts';

/** Keeps what is appended; while `hold` is set, appends wait for it. */
class MemoryAudit implements AuditPort {
  readonly records: { organization: OrganizationId; entry: AuditEntry }[] = [];
  failing = false;
  hold: Promise<void> | undefined;

  async append(organization: OrganizationId, entry: AuditEntry): Promise<void> {
    await this.hold;
    if (this.failing) throw journalUnavailable('journal-failed', 2);
    this.records.push({ organization, entry });
  }
}

function fixture() {
  const audit = new MemoryAudit();
  const clock = new TestClock();
  let collapsed = 0;
  const log = new RefusalLog(audit, clock, () => {
    collapsed += 1;
  });
  return { audit, clock, log, collapsed: () => collapsed };
}

let requests = 0;

function refusal(scope: typeof MERCY | undefined = MERCY, reason = 'signature-mismatch') {
  requests += 1;
  const entry: AuditEntry = {
    action: 'event.refuse',
    actor: 'unauthenticated',
    target: 'source:ehr',
    outcome: 'refused',
    reason,
    requestId: `r-${requests}`,
    detail: { bytes: requests },
  };
  return { scope, entry };
}

test('the first refusal is recorded as it is, before it may be answered', async () => {
  const { audit, log } = fixture();
  let release = () => {};
  audit.hold = new Promise((resolve) => {
    release = resolve;
  });
  const first = refusal();
  let answered = false;
  const done = log.refused(first).then(() => {
    answered = true;
  });
  await Promise.resolve();
  assert.equal(answered, false);
  release();
  await done;
  assert.deepEqual(audit.records, [{ organization: MERCY.organization, entry: first.entry }]);
});

test('those that follow are counted, and one record tells count, first and last', async () => {
  const { audit, clock, log, collapsed } = fixture();
  const opening = refusal();
  await log.refused(opening);
  const start = clock.now();
  for (let second = 1; second <= 5; second += 1) {
    clock.advance(SECOND);
    await log.refused(refusal());
  }
  assert.equal(audit.records.length, 1);
  assert.equal(collapsed(), 5);
  clock.advance(SECOND);
  await log.flush();
  const { requestId: _ofTheFirst, ...expected } = opening.entry;
  const detail = { count: 5, first: toInstant(start + SECOND), last: toInstant(start + 5 * SECOND) };
  assert.deepEqual(audit.records[1], { organization: MERCY.organization, entry: { ...expected, detail } });
});

test('each interval tells its own refusals; after a quiet one the next is recorded by itself again', async () => {
  const { audit, clock, log } = fixture();
  const counts = () => audit.records.map(({ entry }) => entry.detail?.count);
  await log.refused(refusal());
  await log.refused(refusal());
  await log.flush();
  clock.advance(SECOND);
  await log.refused(refusal());
  const at = toInstant(clock.now());
  clock.advance(SECOND);
  await log.flush();
  assert.deepEqual(counts(), [undefined, 1, 1]);
  assert.deepEqual(audit.records[2]?.entry.detail, { count: 1, first: at, last: at });
  await log.flush();
  await log.flush();
  assert.equal(audit.records.length, 3, 'nothing to tell, nothing written');
  await log.refused(refusal());
  assert.deepEqual(counts(), [undefined, 1, 1, undefined]);
});

test('other sources, organizations and reasons have records of their own', async () => {
  const { audit, log } = fixture();
  const scopes = [MERCY, MERCY_LAB, GRACE, undefined];
  for (const scope of scopes) {
    for (const reason of ['signature-mismatch', 'timestamp-stale']) {
      await log.refused({ ...refusal(scope, reason), scope });
      await log.refused({ ...refusal(scope, reason), scope });
    }
  }
  assert.equal(audit.records.length, 8);
  await log.flush();
  assert.equal(audit.records.length, 16);
  assert.ok(audit.records.slice(8).every(({ entry }) => entry.detail?.count === 1));
  const organizations = audit.records.map(({ organization }) => organization);
  assert.equal(
    organizations.filter((one) => one === GATEWAY_SCOPE).length,
    4,
    'strangers: the gateway’s chain',
  );
  assert.equal(organizations.filter((one) => one === GRACE.organization).length, 4);
});

test('a first refusal that cannot be recorded is an error, and the next is tried anew', async () => {
  const { audit, log } = fixture();
  audit.failing = true;
  await assert.rejects(log.refused(refusal()), { code: 'journal-failed', disposition: 'retry' });
  await assert.rejects(log.refused(refusal()), { code: 'journal-failed' });
  audit.failing = false;
  await log.refused(refusal());
  assert.equal(audit.records.length, 1);
});

test('refusals counted while the first is being recorded are told even if that fails', async () => {
  const { audit, log } = fixture();
  let release = () => {};
  audit.hold = new Promise((resolve) => {
    release = resolve;
  });
  audit.failing = true;
  const first = log.refused(refusal());
  await log.refused(refusal());
  await log.refused(refusal());
  release();
  await assert.rejects(first);
  audit.failing = false;
  await log.flush();
  assert.deepEqual(
    audit.records.map(({ entry }) => entry.detail?.count),
    [2],
  );
});

test('a count that cannot be written is kept, with its first and last, and goes on counting', async () => {
  const { audit, clock, log } = fixture();
  await log.refused(refusal());
  clock.advance(SECOND);
  await log.refused(refusal());
  const first = toInstant(clock.now());
  audit.failing = true;
  await assert.rejects(log.flush(), { code: 'journal-failed' });
  clock.advance(SECOND);
  await log.refused(refusal());
  const last = toInstant(clock.now());
  audit.failing = false;
  await log.flush();
  assert.deepEqual(audit.records.at(-1)?.entry.detail, { count: 2, first, last });
});

test('a flush while a slower one is under way loses nothing when that one fails', async () => {
  const { audit, log } = fixture();
  await log.refused(refusal());
  await log.refused(refusal());
  let release = () => {};
  audit.hold = new Promise((resolve) => {
    release = resolve;
  });
  audit.failing = true;
  const slow = log.flush();
  await log.flush();
  release();
  await assert.rejects(slow);
  audit.failing = false;
  await log.flush();
  assert.deepEqual(
    audit.records.map(({ entry }) => entry.detail?.count),
    [undefined, 1],
  );
});
