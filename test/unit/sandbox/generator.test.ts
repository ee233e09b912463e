import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSPITAL_MIX, type Mix, SMALL_MIX } from '../../../sandbox/ehr/mix.ts';
import { prose } from '../../../sandbox/ehr/narrative.ts';
import { Random } from '../../../sandbox/ehr/random.ts';
import { readResourceVersions } from '../../../sandbox/ehr/resource-versions.ts';
import {
  allergyIntoleranceR4,
  allergyIntoleranceR5,
} from '../../../sandbox/ehr/resources/allergy-intolerance.ts';
import { appointmentR4, appointmentR5 } from '../../../sandbox/ehr/resources/appointment.ts';
import { RESOURCE_TYPES } from '../../../sandbox/ehr/resources/builders.ts';
import {
  documentReferenceR4,
  documentReferenceR5,
} from '../../../sandbox/ehr/resources/document-reference.ts';
import type { Draft } from '../../../sandbox/ehr/resources/draft.ts';
import { encounterR4, encounterR5 } from '../../../sandbox/ehr/resources/encounter.ts';
import {
  medicationRequestR4,
  medicationRequestR5,
} from '../../../sandbox/ehr/resources/medication-request.ts';
import { createWorkload, type Notification, type WireFormat } from '../../../sandbox/ehr/workload.ts';

const FORMATS = ['backport-r4', 'backport-r4b', 'backport-r5', 'rest-hook-r4'] as const;

function take(count: number, format: WireFormat, mix: Partial<Mix> = {}, seed = 'seed'): Notification[] {
  let time = Date.UTC(2026, 0, 1);
  const workload = createWorkload({ format, seed, lane: 'lane', now: () => (time += 1000), mix });
  return Array.from({ length: count }, () => workload.next());
}

for (const format of FORMATS) {
  test(`${format}: the same seed and clock give the same bytes, another seed gives others`, () => {
    const once = take(200, format, HOSPITAL_MIX);
    assert.deepEqual(take(200, format, HOSPITAL_MIX), once);
    const other = take(200, format, HOSPITAL_MIX, 'other');
    assert.equal(
      other.some((notification) => once.some(({ id }) => id === notification.id)),
      false,
    );
  });

  test(`${format}: sizes run from about 1 kB to about 200 kB`, () => {
    const sizes = take(4_000, format, HOSPITAL_MIX).map(({ body }) => body.length);
    const filled = sizes.filter((size) => size > 0);
    assert.ok(Math.min(...filled) < 1_500, `smallest ${Math.min(...filled)}`);
    assert.ok(Math.max(...filled) > 120_000, `largest ${Math.max(...filled)}`);
    assert.ok(Math.max(...filled) < 1_000_000, `largest ${Math.max(...filled)}`);
    const median = filled.toSorted((a, b) => a - b)[filled.length >> 1] ?? 0;
    assert.ok(median > 1_000 && median < 4_000, `median ${median}`);
  });

  test(`${format}: each resource comes in versions that grow by one, as the body says`, () => {
    const newest = new Map<string, number>();
    for (const { body, foci } of take(1_500, format, { batchShare: 0.3 })) {
      assert.deepEqual(readResourceVersions(body), foci);
      for (const { focus, version } of foci) {
        assert.equal(version, (newest.get(focus) ?? 0) + 1, focus);
        newest.set(focus, version);
      }
    }
    assert.ok(newest.size > 20);
  });

  test(`${format}: ids are unique and the sequence counts from 1`, () => {
    const taken = take(500, format, HOSPITAL_MIX);
    assert.equal(new Set(taken.map(({ id }) => id)).size, 500);
    assert.deepEqual(
      taken.map(({ sequence }) => sequence),
      Array.from({ length: 500 }, (_, index) => index + 1),
    );
  });
}

test('every resource type is built in both releases', () => {
  const types = (format: WireFormat) =>
    new Set(take(1_500, format).flatMap(({ foci }) => foci.map(({ focus }) => focus.split('/')[0] ?? '')));
  assert.deepEqual(types('backport-r4'), new Set(RESOURCE_TYPES));
  assert.deepEqual(types('backport-r5'), new Set(RESOURCE_TYPES));
});

test('R4 and R5 differ where the releases do', () => {
  assert.equal(encounterR4(draft()).class.code, encounterR5(draft()).class?.[0]?.coding?.[0]?.code);
  assert.equal(encounterR4(draft()).period?.start, AT);
  assert.equal(encounterR5(draft()).actualPeriod?.start, AT);
  const medication = medicationRequestR4(draft()).medicationCodeableConcept;
  assert.deepEqual(medicationRequestR5(draft()).medication.concept, medication);
  const [r4, r5] = [documentReferenceR4(draft()), documentReferenceR5(draft())];
  assert.equal(r4.content[0]?.attachment.size, 3_000);
  assert.equal(r5.content[0]?.attachment.size, '3000');
  assert.equal(Buffer.from(r4.content[0]?.attachment.data ?? '', 'base64').length, 3_000);
  assert.deepEqual(r5.context, r4.context?.encounter);
  const manifestation = allergyIntoleranceR4(draft()).reaction?.[0]?.manifestation[0];
  assert.deepEqual(allergyIntoleranceR5(draft()).reaction?.[0]?.manifestation[0], { concept: manifestation });
  assert.equal(appointmentR4(draft()).participant[0]?.required, 'required');
  assert.equal(appointmentR5(draft()).participant[0]?.required, true);
});

const AT = '2026-01-01T00:00:00.000Z';
const PERSON = {
  id: 'p1',
  mrn: 'SYN-000001',
  given: 'Testine',
  family: 'Specimen',
  gender: 'female',
  birthDate: '1980-01-01',
  phone: '+1-555-555-0100',
  email: 'p@example.org',
  street: '1 Nowhere Lane',
  city: 'Testville',
  postalCode: '00001',
} as const;

function draft(): Draft {
  const draws = { traits: new Random('traits'), random: new Random('draws') };
  return { id: 'a', version: 2, at: AT, patient: PERSON, attachmentBytes: 3_000, ...draws };
}

test('people are plainly made up', () => {
  const text = take(300, 'backport-r4', { types: { Patient: 1 } })
    .map(({ body }) => body.toString())
    .join('\n');
  for (const [, phone] of text.matchAll(/"system":"phone","value":"([^"]+)"/g))
    assert.match(phone ?? '', /^\+1-555-555-01\d\d$/);
  for (const [, mail] of text.matchAll(/"system":"email","value":"([^"]+)"/g))
    assert.match(mail ?? '', /@example\.org$/);
  assert.match(text, /"value":"SYN-\d{6}"/);
});

test('small bodies are filled up to a wanted size', () => {
  for (const { body } of take(20, 'backport-r4', { ...SMALL_MIX, targetBytes: 20_000 }))
    assert.equal(body.length, 20_000);
});

test('prose has the exact size in bytes, at any cut', () => {
  for (let bytes = 1; bytes < 400; bytes += 1) {
    const text = prose(new Random(`cut ${bytes}`), bytes);
    assert.equal(Buffer.byteLength(text), bytes);
    assert.equal(text.includes('\ufffd'), false);
  }
});

test('random numbers stay in their bounds and shares are kept', () => {
  const random = new Random('bounds');
  const counts = { a: 0, b: 0, c: 0 };
  for (let round = 0; round < 30_000; round += 1) {
    const whole = random.integer(3, 7);
    assert.ok(whole >= 3 && whole <= 7);
    counts[random.weighted({ a: 1, b: 2, c: 0 })] += 1;
  }
  assert.equal(counts.c, 0);
  assert.ok(Math.abs(counts.a - 10_000) < 500, `a was picked ${counts.a} times`);
  assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
