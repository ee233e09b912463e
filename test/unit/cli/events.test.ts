import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { recordTexts } from '../../support/audit-chain.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { readChain } from '../../support/sqlite-harness.ts';

const MERCY = 'mercy' as OrganizationId;
const BODY = Buffer.from('\ufeff{"resourceType":"Basic","id":"x","code":{"text":"é\\u0000"}}\r\n');

/** A stopped gateway whose journal holds three events, oldest first. */
async function fixture(t: TestContext) {
  const running = await startGateway(t, { sources: { ehr: 'rest-hook-r4', lab: 'rest-hook-r4' } });
  const { terminal, file, url, folder, journalPath } = running;
  await writeFile(join(folder, 'body.json'), BODY);
  const ids: string[] = [];
  for (const source of ['ehr', 'lab', 'ehr']) {
    const argv = [
      'sign',
      '--org',
      MERCY,
      '--source',
      source,
      '--body',
      'body.json',
      '--url',
      url,
      '--send',
      '--json',
    ];
    const { exit, out } = await terminal.run(...argv, '--config', file);
    assert.equal(exit, 0, out);
    ids.push((JSON.parse(out) as { headers: Record<string, string> }).headers['portcullis-event-id'] ?? '');
  }
  await running.stop();
  const events = (...argv: string[]) => terminal.run('events', ...argv, '--org', MERCY, '--config', file);
  const database = () => new DatabaseSync(journalPath);
  const records = () => {
    const opened = database();
    const texts = recordTexts(readChain(opened, MERCY));
    opened.close();
    return texts.filter(({ actor }) => actor.startsWith('operator:'));
  };
  const setState = (id: string, state: number) => {
    const opened = database();
    const hex = id.replaceAll('-', '');
    opened.exec(`UPDATE delivery SET state = ${state}, reason = 'status-422', attempts = 3
      WHERE event = (SELECT seq FROM event WHERE hex(id) = upper('${hex}'))`);
    opened.close();
  };
  return { ids, events, records, setState };
}

const DEAD = 2;

function lines(out: string): { id: string; state: string }[] {
  return out === '' ? [] : out.split('\n').map((line) => JSON.parse(line) as { id: string; state: string });
}

test('events list: newest first, one JSON object a line, by filter, by page', async (t) => {
  const { ids, events, setState } = await fixture(t);
  const listed = async (...more: string[]) =>
    lines((await events('list', '--json', ...more)).out).map(({ id }) => id);
  assert.deepEqual(await listed(), ids.toReversed());
  assert.deepEqual(await listed('--source', 'lab'), [ids[1]]);
  assert.deepEqual(await listed('--limit', '2'), [ids[2], ids[1]]);
  assert.deepEqual(await listed('--limit', '2', '--before', ids[1] ?? ''), [ids[0]]);
  assert.deepEqual(await listed('--state', 'dead'), []);
  setState(ids[0] ?? '', DEAD);
  assert.deepEqual(await listed('--state', 'dead'), [ids[0]]);
  assert.deepEqual(await listed('--from', '2999-01-01T00:00:00Z'), []);
  const text = (await events('list')).out.split('\n');
  assert.equal(text.at(-1), '3 events');
  assert.match(text[2] ?? '', new RegExp(`^${ids[0]}  \\d{4}-.*Z  dead +ehr  .* attempts 3  status-422$`));
});

test('events list: an object tells what is known without opening the seal, times as RFC 3339', async (t) => {
  const { ids, events, records } = await fixture(t);
  const [event] = lines((await events('list', '--json', '--source', 'lab')).out);
  const { receivedAt, dueAt, ...rest } = event as unknown as Record<string, string>;
  for (const instant of [receivedAt, dueAt]) assert.equal(new Date(instant ?? '').toISOString(), instant);
  const expected = {
    id: ids[1],
    organization: MERCY,
    source: 'lab',
    state: 'pending',
    bodyBytes: BODY.length,
  };
  assert.deepEqual({ ...rest, ...expected }, rest);
  assert.ok(!JSON.stringify(event).includes('resourceType'));
  assert.deepEqual(records(), []);
});

test('events show: what is known; the payload to the byte; both views audited with who looked', async (t) => {
  const { ids, events, records } = await fixture(t);
  const [id = ''] = ids;
  const plain = await events('show', id);
  assert.equal(plain.exit, 0);
  assert.equal((JSON.parse(plain.out) as { id: string }).id, id);
  assert.deepEqual(records(), [], 'no seal opened, nothing to audit');
  const payload = await events('show', id, '--payload');
  assert.equal(payload.exit, 0);
  assert.ok(payload.bytes.equals(BODY));
  assert.equal(payload.out, '', 'nothing else on standard output');
  const content = await events('show', id, '--content', '--json');
  const { headers, foci } = JSON.parse(content.out) as { headers: Record<string, string>; foci: string[] };
  assert.equal(headers['content-type'], 'application/fhir+json');
  assert.deepEqual(foci, ['Basic/x']);
  const view = { action: 'payload.view', actor: 'operator:ada', target: `event:${id}`, outcome: 'success' };
  const seen = records().map(({ action, actor, target, outcome }) => ({ action, actor, target, outcome }));
  assert.deepEqual(seen, [view, view]);
});

test('events show: an event that is not there is a problem, not a failure', async (t) => {
  const { events, records } = await fixture(t);
  const { exit, out, errors } = await events('show', '0199f1c0-0000-7000-8000-000000000000', '--payload');
  assert.deepEqual([exit, out], [1, '']);
  assert.match(errors, /no event/);
  assert.deepEqual(records(), []);
});

test('events replay: a dry run says how many and changes nothing, the real one does it once', async (t) => {
  const { ids, events, records, setState } = await fixture(t);
  const [first = '', , third = ''] = ids;
  for (const id of [first, third]) setState(id, DEAD);
  const replay = async (...more: string[]) =>
    JSON.parse((await events('replay', '--json', ...more)).out) as object;
  assert.deepEqual(await replay('--state', 'dead', '--dry-run'), { dryRun: true, taken: 2, pending: 0 });
  assert.deepEqual(await replay('--source', 'ehr', '--dry-run'), { dryRun: true, taken: 2, pending: 0 });
  assert.deepEqual(records(), []);
  assert.deepEqual(await replay(third), { dryRun: false, taken: 1, pending: 0 });
  assert.deepEqual(await replay(third), { dryRun: false, taken: 0, pending: 1 });
  const text = await events('replay', '--state', 'dead');
  assert.equal(text.out, '1 events were put back into delivery; 0 wait already');
  assert.deepEqual(
    records().map(({ action, actor, target }) => `${action} ${actor} ${target}`),
    [third, first].map((id) => `event.replay operator:ada event:${id}`),
  );
  const states = lines((await events('list', '--json')).out).map(({ state }) => state);
  assert.deepEqual(states, ['pending', 'pending', 'pending']);
});
