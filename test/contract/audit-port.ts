import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toInstant } from '../../src/kernel/clock.ts';
import { assertChainSound, recordTexts } from '../support/audit-chain.ts';
import { GRACE, MERCY, newEvent, signedId } from '../support/events.ts';
import { claimAll, claimOne, dead, delivered, retry } from '../support/settled.ts';
import type { JournalAdapter } from './harness.ts';

const { organization } = MERCY;
const ENTRY = { action: 'config.reload', actor: 'gateway', target: 'config', outcome: 'success' } as const;

export function auditContract(open: JournalAdapter): void {
  test('a record says who, what, when, in canonical form, at its place in the chain', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const at = toInstant(clock.now());
    const extra = {
      reason: 'because',
      requestId: 'r-1',
      detail: { b: [1, 'zwei'], a: { z: null, y: true } },
    };
    await journal.append(organization, { ...ENTRY, ...extra });
    const chain = await harness.chain(organization);
    assertChainSound(organization, chain);
    assert.equal(
      Buffer.from(chain.records[0]?.bytes ?? []).toString('utf8'),
      `{"action":"config.reload","actor":"gateway","at":"${at}","detail":{"a":{"y":true,"z":null},"b":[1,"zwei"]},` +
        '"org":"mercy","outcome":"success","reason":"because","request":"r-1","seq":1,"target":"config","v":1}',
    );
  });

  test('each organization has a chain of its own, which goes on after a restart', async (t) => {
    const harness = await open(t);
    for (let round = 0; round < 3; round += 1) {
      const { journal, clock } = harness;
      await Promise.all([
        journal.append(organization, ENTRY),
        journal.append(GRACE.organization, ENTRY),
        journal.accept(MERCY, newEvent(clock)),
      ]);
      await harness.reopen();
    }
    const [mercy, grace] = [await harness.chain(organization), await harness.chain(GRACE.organization)];
    assertChainSound(organization, mercy);
    assertChainSound(GRACE.organization, grace);
    assert.deepEqual([mercy.records.length, grace.records.length], [6, 3]);
  });

  test('records appended at the same time all land, once each', async (t) => {
    const harness = await open(t);
    const targets = Array.from({ length: 2_500 }, (_, index) => `config:${index}`);
    await Promise.all(targets.map((target) => harness.journal.append(organization, { ...ENTRY, target })));
    const chain = await harness.chain(organization);
    assertChainSound(organization, chain);
    assert.deepEqual(
      recordTexts(chain).map(({ target }) => target),
      targets,
    );
  });

  test('every outcome of an event has exactly one record', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const identity = signedId('msg_1');
    const event = newEvent(clock, { identity });
    await journal.accept(MERCY, event);
    await journal.accept(MERCY, newEvent(clock, { identity }));
    const { id } = event.summary;
    for (const settlement of [retry(id, clock.now(), 1), dead(id, 2)]) {
      await claimOne(journal);
      await journal.settle(settlement);
    }
    await journal.replay({ organization, ids: [id] }, 'operator:test');
    await claimOne(journal);
    await journal.settle(delivered(id));
    await journal.settle(delivered(id));
    const chain = await harness.chain(organization);
    assertChainSound(organization, chain);
    assert.deepEqual(
      recordTexts(chain).map(({ action, reason, detail }) => [
        action,
        reason,
        detail?.attempt,
        detail?.status,
        detail?.replay,
      ]),
      [
        ['event.accept', undefined, undefined, undefined, undefined],
        ['event.duplicate', undefined, undefined, undefined, undefined],
        ['delivery.retry', 'status-503', 1, 503, false],
        ['delivery.dead-letter', 'status-400', 2, 400, false],
        ['event.replay', undefined, undefined, undefined, undefined],
        ['delivery.complete', undefined, 1, 204, true],
      ],
      'a settlement of what is settled already adds nothing',
    );
  });

  test('a delivery names the place and hash of its acceptance record', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    await journal.append(organization, ENTRY);
    const events = [newEvent(clock), newEvent(clock, { foci: ['Patient/1'] })];
    for (const event of events) await journal.accept(MERCY, event);
    const deliveries = await claimAll(journal);
    const { records } = await harness.chain(organization);
    assert.deepEqual(
      deliveries.map(({ auditSequence }) => auditSequence),
      [2, 3],
    );
    for (const { auditSequence, auditHash } of deliveries) {
      assert.equal(auditHash, Buffer.from(records[auditSequence - 1]?.hash ?? []).toString('hex'));
    }
  });

  test('records hold neither body nor headers of record nor focus nor patient', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const secret = 'Nobodyson-4711';
    const event = newEvent(clock, {
      identity: signedId(`msg_${secret}`),
      body: `{"name":"${secret}"}`,
      foci: [`Patient/${secret}`],
      patients: [`Patient/${secret}`],
    });
    const content = { ...event.content, headers: { 'x-correlation-id': secret } };
    await journal.accept(MERCY, { ...event, content });
    await journal.accept(MERCY, newEvent(clock, { identity: signedId(`msg_${secret}`), body: secret }));
    await claimOne(journal);
    await journal.settle(delivered(event.summary.id));
    const { records } = await harness.chain(organization);
    assert.equal(records.length, 3);
    for (const { bytes } of records) assert.ok(!Buffer.from(bytes).includes(secret));
  });
}
