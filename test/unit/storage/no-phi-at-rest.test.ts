import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { HOSPITAL_MIX } from '../../../sandbox/ehr/mix.ts';
import { createWorkload, type Notification, type WireFormat } from '../../../sandbox/ehr/workload.ts';
import { signRequest } from '../../../src/inbound/signature/sign.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const FORMATS: readonly WireFormat[] = ['backport-r4', 'backport-r4b', 'backport-r5', 'rest-hook-r4'];
const PER_FORMAT = 60;
/** Shorter values occur by chance. */
const SHORTEST = 6;
/** Members that say who or what a resource is about. */
const TELLING = new Set([
  'id',
  'reference',
  'fullUrl',
  'url',
  'value',
  'family',
  'given',
  'text',
  'div',
  'display',
  'line',
  'city',
  'postalCode',
  'birthDate',
  'valueString',
  'valueReference',
  'data',
  'title',
]);

/** Every telling string of a JSON value, at any depth. */
function telling(value: unknown, name: string, found: Set<string>): Set<string> {
  if (typeof value === 'string') {
    if (TELLING.has(name) && value.length >= SHORTEST) found.add(value.slice(0, 200));
  } else if (Array.isArray(value)) {
    for (const item of value) telling(item, name, found);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) telling(member, key, found);
  }
  return found;
}

async function post(
  { url, snapshot }: RunningGateway,
  format: WireFormat,
  one: Notification,
): Promise<number> {
  const source = snapshot.sources.find('mercy', format);
  assert.ok(source !== undefined);
  const target = `/webhooks/mercy/${format}${one.path}`;
  const { method, body, id } = one;
  const signature = signRequest({ settings: source.signature, method, target, body, now: Date.now(), id });
  const headers =
    one.contentType === undefined ? signature : { ...signature, 'content-type': one.contentType };
  const response = await fetch(url + target, { method, headers, body: new Uint8Array(body) });
  await response.arrayBuffer();
  return response.status;
}

test('nothing in the journal’s files tells who or what the payloads are about', async (t) => {
  const sources = Object.fromEntries(FORMATS.map((format) => [format, format]));
  const running = await startGateway(t, { sources });
  const found = new Set<string>();
  let plain = '';
  for (const format of FORMATS) {
    const seed = `no phi ${format}`;
    const workload = createWorkload({ format, seed, lane: format, now: Date.now, mix: HOSPITAL_MIX });
    for (let count = 0; count < PER_FORMAT; count += 1) {
      const one = workload.next();
      assert.equal(await post(running, format, one), 200, `${format} ${count}`);
      found.add(one.id);
      if (one.body.length > 0) telling(JSON.parse(one.body.toString()), '', found);
      for (const { focus } of one.foci) found.add(focus).add(focus.slice(focus.indexOf('/') + 1));
      plain += one.body.toString();
    }
  }
  const strings = [...found].filter((text) => text.length >= SHORTEST);
  assert.ok(strings.length > 1_000, `${strings.length} strings to look for`);
  for (const told of ['SYN-', 'Patient/', 'Observation/', 'Nobodyson', '@example.org']) {
    assert.ok(
      strings.some((text) => text.includes(told)),
      `${told} is among them`,
    );
    assert.ok(plain.includes(told));
  }
  for (const suffix of ['', '-wal', '-shm']) {
    const bytes = readFileSync(`${running.journalPath}${suffix}`);
    for (const text of strings)
      assert.ok(!bytes.includes(text), `journal.db${suffix} holds ${text.slice(0, 60)}`);
  }
  const listed = await running.terminal.run(
    'events',
    'list',
    '--config',
    running.file,
    '--org',
    'mercy',
    '--limit',
    '999',
    '--json',
  );
  const kept = listed.out.split('\n').length;
  assert.ok(kept >= FORMATS.length * PER_FORMAT * 0.9, `the journal does hold them: ${kept}`);
  for (const text of strings) assert.ok(!listed.out.includes(text));
});
