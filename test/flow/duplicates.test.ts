import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { webSubSigner } from '../../sandbox/ehr/signing.ts';
import { recordTexts } from '../support/audit-chain.ts';
import { readChain } from '../support/journal-file.ts';
import { SignedSource } from './support/signed-source.ts';
import { post, receipt, type Stage, startStage } from './support/stage.ts';

async function auditActions(stage: Stage): Promise<string[]> {
  await stage.gateway.stop();
  return recordTexts(readChain(stage.home.journal, 'mercy')).map(({ action }) => action);
}

function count(actions: readonly string[], action: string): number {
  return actions.filter((one) => one === action).length;
}

test('a repeat gets the first receipt and is delivered once', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const message = source.next();
  const first = await source.send(stage.gateway, message);
  assert.equal(first.headers['portcullis-duplicate'], undefined);
  await stage.core.delivery(receipt(first));
  for (let repeat = 0; repeat < 3; repeat += 1) {
    const again = await source.send(stage.gateway, message);
    assert.equal(receipt(again), receipt(first));
    assert.equal(again.headers['portcullis-duplicate'], 'true');
    assert.ok(again.body.equals(first.body));
  }
  const actions = await auditActions(stage);
  assert.equal(count(actions, 'event.accept'), 1);
  assert.equal(count(actions, 'event.duplicate'), 3);
  assert.equal(stage.core.deliveries.length, 1);
});

test('a repeat is recognised after a restart, too', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const message = source.next();
  const first = receipt(await source.send(stage.gateway, message));
  await stage.gateway.stop();
  const again = await source.send(await stage.home.start(), message);
  assert.equal(receipt(again), first);
  assert.equal(again.headers['portcullis-duplicate'], 'true');
});

test('the same signed id with other content is a conflict, audited, and changes nothing', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const message = source.next();
  const id = receipt(await source.send(stage.gateway, message));
  const conflict = await source.send(stage.gateway, { ...source.next(), id: message.id });
  assert.equal(conflict.status, 409);
  assert.equal(conflict.headers['portcullis-event-id'], undefined);
  assert.equal(conflict.headers['content-type'], 'application/fhir+json');
  assert.equal(receipt(await source.send(stage.gateway, message)), id, 'the first content still stands');
  const delivery = await stage.core.delivery(id);
  assert.ok(delivery.body.equals(message.body));
  assert.equal(count(await auditActions(stage), 'event.conflict'), 1);
  assert.equal(stage.core.deliveries.length, 1);
});

test('concurrent repeats all get the receipt of the one that was stored', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  for (let round = 0; round < 10; round += 1) {
    const message = source.next();
    const answers = await Promise.all(Array.from({ length: 12 }, () => source.send(stage.gateway, message)));
    assert.equal(new Set(answers.map(receipt)).size, 1, 'one event id');
    const first = answers.filter(({ headers }) => headers['portcullis-duplicate'] === undefined);
    assert.equal(first.length, 1, 'one was the first');
    await stage.core.delivery(receipt(answers[0] ?? assert.fail()));
  }
  assert.equal(count(await auditActions(stage), 'event.accept'), 10);
  assert.equal(stage.core.deliveries.length, 10);
});

test('of concurrent messages under one id with different content one is stored, the others conflict', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const { id } = source.next();
  const rivals = Array.from({ length: 8 }, () => ({ ...source.next(), id }));
  const answers = await Promise.all(rivals.map((rival) => source.send(stage.gateway, rival)));
  const statuses = answers.map(({ status }) => status).toSorted();
  assert.deepEqual(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
});

test('where the scheme signs no id, resource and version name the event', async (t) => {
  const secret = randomBytes(32).toString('base64url');
  const signature = { scheme: 'websub', secrets: [{ id: 'k1', value: secret }] };
  const stage = await startStage(t, {
    organizations: [
      { id: 'mercy', sources: [{ id: 'lab', profile: 'rest-hook-r4', signature }] },
      { id: 'lakeside', sources: [] },
    ],
  });
  const signer = webSubSigner(secret);
  const send = (version: string, status: string) => {
    const content = { resourceType: 'Observation', id: 'o-1', meta: { versionId: version }, status };
    const body = Buffer.from(JSON.stringify(content));
    return post(stage.gateway, 'mercy/lab', signer.headers({ id: '', body, nowMs: 0 }), body);
  };
  const first = receipt(await send('1', 'final'));
  assert.equal(receipt(await send('1', 'final')), first);
  assert.notEqual(receipt(await send('2', 'final')), first);
  assert.equal((await send('1', 'amended')).status, 409);
});
