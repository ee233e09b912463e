import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { AcceptResult } from '../../../src/inbound/ports.ts';
import { GatewayError } from '../../../src/kernel/errors.ts';
import { JournalClient } from '../../../src/storage/journal/sqlite/journal-client.ts';
import { assertChainSound } from '../../support/audit-chain.ts';
import { MERCY, newEvent, signedId } from '../../support/events.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { claimIds, delivered } from '../../support/settled.ts';
import { openSqliteHarness, QUIET, sqliteSettings } from '../../support/sqlite-harness.ts';
import { TestClock } from '../../support/test-clock.ts';

const { organization } = MERCY;
const MEBIBYTE = 1024 * 1024;
const ENTRY = { action: 'config.reload', actor: 'gateway', target: 'config', outcome: 'success' } as const;

function codeOf(result: PromiseSettledResult<unknown>): string {
  if (result.status === 'fulfilled') return 'fulfilled';
  return result.reason instanceof GatewayError && result.reason.disposition === 'retry'
    ? result.reason.code
    : String(result.reason);
}

test('acceptances beyond the bytes that may wait are refused at once, the others are stored', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const body = randomBytes(8 * MEBIBYTE);
  const waiting: Promise<AcceptResult>[] = [];
  for (let count = 0; count < 10; count += 1) waiting.push(journal.accept(MERCY, newEvent(clock, { body })));
  const codes = (await Promise.allSettled(waiting)).map(codeOf);
  assert.deepEqual(codes, [...Array(7).fill('fulfilled'), ...Array(3).fill('journal-backlog-full')]);
  assert.equal(await harness.countEvents(organization), 7);
  await journal.accept(MERCY, newEvent(clock, { body }));
  assert.equal(await harness.countEvents(organization), 8, 'there is room again');
});

test('what arrives together shares commits, and the observer is told of each', async (t) => {
  const commits: number[] = [];
  const observer = { ...QUIET, committed: (operations: number) => void commits.push(operations) };
  const { journal, clock } = await openSqliteHarness(t, {}, observer);
  const accepts = Array.from({ length: 1_500 }, () => journal.accept(MERCY, newEvent(clock)));
  await Promise.all([...accepts, journal.append(organization, ENTRY)]);
  assert.equal(commits[0], 1_025, 'a batch holds 1024 acceptances, and other writes beside');
  assert.deepEqual(commits.slice(1), [476]);
});

test('the observer sees the backlog grow and shrink', async (t) => {
  const pending: (number | undefined)[] = [];
  const observer = { ...QUIET, status: (status?: { pending: number }) => void pending.push(status?.pending) };
  const { journal, clock } = await openSqliteHarness(t, {}, observer);
  await journal.accept(MERCY, newEvent(clock));
  await journal.accept(MERCY, newEvent(clock, { state: 'consumed' }));
  assert.equal(pending.at(-1), 1);
  for (const id of await claimIds(journal)) await journal.settle(delivered(id));
  assert.equal(pending.at(-1), 0);
});

test('closing commits what waits; afterwards everything is refused to be tried later', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const accepts = Array.from({ length: 3_000 }, () => journal.accept(MERCY, newEvent(clock)));
  await journal.close();
  const results = await Promise.allSettled(accepts);
  assert.ok(results.every(({ status }) => status === 'fulfilled'));
  assert.equal(await harness.countEvents(organization), 3_000);
  const late = await Promise.allSettled([
    journal.accept(MERCY, newEvent(clock)),
    journal.append(organization, ENTRY),
    journal.settle(delivered(newEvent(clock).summary.id)),
  ]);
  assert.deepEqual(late.map(codeOf), Array(3).fill('journal-closing'));
  await journal.close();
});

test('a write that cannot be stored leaves the journal working, however soon after the start', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const event = newEvent(clock);
  await journal.accept(MERCY, event);
  for (let round = 0; round < 3; round += 1) {
    const results = await Promise.allSettled([
      journal.accept(MERCY, newEvent(clock, { id: event.summary.id })),
      journal.accept(MERCY, newEvent(clock)),
      journal.append(organization, ENTRY),
    ]);
    assert.deepEqual(results.map(codeOf), ['journal-failed', 'fulfilled', 'fulfilled']);
  }
  const alone = await Promise.allSettled([journal.accept(MERCY, newEvent(clock, { id: event.summary.id }))]);
  assert.deepEqual(alone.map(codeOf), ['journal-failed']);
  assert.equal(await harness.countEvents(organization), 4);
  const chain = await harness.chain(organization);
  assertChainSound(organization, chain);
  assert.equal(chain.records.length, 7);
});

test('when the thread is gone, all that waits and all that comes is refused, and the owner is told', async (t) => {
  const workers: Worker[] = [];
  const note = (message: unknown) => void workers.push((message as { worker: Worker }).worker);
  subscribe('worker_threads', note);
  t.after(() => unsubscribe('worker_threads', note));
  const lost: Error[] = [];
  const observer = { ...QUIET, lost: (error: Error) => void lost.push(error) };
  const { journal, clock } = await openSqliteHarness(t, {}, observer);
  const waiting = Array.from({ length: 3_000 }, () => journal.accept(MERCY, newEvent(clock)));
  const settled = Promise.allSettled(waiting);
  await workers[0]?.terminate();
  const codes = new Set((await settled).map(codeOf));
  codes.delete('fulfilled');
  assert.deepEqual([...codes], ['journal-failed']);
  assert.equal(lost.length, 1);
  const late = await Promise.allSettled([
    journal.accept(MERCY, newEvent(clock)),
    journal.append(organization, ENTRY),
    journal.claim({ count: 1, bytes: 1 }),
    journal.release([]),
    journal.prepare([organization]),
  ]);
  assert.ok(late.every(({ status }) => status === 'rejected'));
  await journal.close();
});

test('a journal that does not open says why: wrong master key, newer schema, altered head', async (t) => {
  const harness = await openSqliteHarness(t);
  await harness.journal.append(organization, ENTRY);
  await harness.close();
  const open = (masterKeys = harness.settings.masterKeys) =>
    JournalClient.open({ ...harness.settings, masterKeys }, [organization], harness.clock, QUIET);
  await assert.rejects(open([randomBytes(32)]), { code: 'key-canary-mismatch', disposition: 'park' });
  harness.behind((database) => database.exec('PRAGMA user_version = 99'));
  await assert.rejects(open(), { code: 'journal-schema-newer', disposition: 'park' });
  harness.behind((database) => database.exec('PRAGMA user_version = 1'));
  harness.behind((database) => database.exec('UPDATE audit_head SET hash = zeroblob(32)'));
  const client = await open();
  await assert.rejects(client.append(organization, ENTRY), {
    code: 'audit-chain-broken',
    disposition: 'park',
  });
  await client.close();
});

test('a chain that is broken stops its organization and no other', async (t) => {
  const harness = await openSqliteHarness(t);
  await harness.journal.append(organization, ENTRY);
  harness.behind((database) => database.exec('UPDATE audit SET bytes = zeroblob(5)'));
  await harness.reopen();
  const { journal, clock } = harness;
  const other = { ...MERCY, organization: 'grace' as typeof organization };
  const results = await Promise.allSettled([
    journal.accept(MERCY, newEvent(clock)),
    journal.accept(other, newEvent(clock, { scope: other, identity: signedId('1') })),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  );
});

test('a journal is made in a folder that does not exist yet, readable by its owner only', async (t) => {
  const { statSync } = await import('node:fs');
  const folder = join(await scratchFolder(t), 'new', 'deep');
  const settings = sqliteSettings(folder);
  const client = await JournalClient.open(settings, [organization], new TestClock(), QUIET);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const file of [settings.path, `${settings.path}-wal`])
    assert.equal(statSync(file).mode & 0o777, 0o600);
  await client.close();
});
