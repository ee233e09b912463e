import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { DeliveryLog, type ReceivedDelivery } from '../../../sandbox/core-platform/delivery-log.ts';
import { LatencyHistogram } from '../../../sandbox/measure/latency-histogram.ts';

function delivery(number: number): ReceivedDelivery {
  const sha256 = createHash('sha256').update(`body ${number}`).digest('hex');
  return {
    ceId: `01890000-0000-7000-8000-${sha256.slice(0, 12)}`,
    sha256,
    audithash: createHash('sha256').update(sha256).digest('hex'),
    auditseq: number + 2 ** 40,
    receivedAt: 1_700_000_000_000 + number,
    attempt: 1 + (number % 3),
    replay: number % 2 === 1,
    organization: `org-${number % 3}`,
    source: 'ehr',
    type: 'fhir.notification.event',
    subject: number % 5 === 0 ? undefined : `Patient/p${number % 100}`,
  };
}

test('gives back what was put in, over chunks and index growth', () => {
  const log = new DeliveryLog('digests');
  const count = 10_000;
  for (let number = 0; number < count; number += 1) log.add(delivery(number), Buffer.alloc(0));
  assert.deepEqual([log.deliveries, log.events], [count, count]);
  for (let number = 0; number < count; number += 7) {
    const expected = delivery(number);
    assert.deepEqual(log.at(number), expected);
    assert.deepEqual(log.find(expected.ceId), expected);
    assert.deepEqual(log.findBody(expected.sha256), expected);
  }
  assert.equal(log.find('01890000-0000-7000-8000-ffffffffffff'), undefined);
  assert.throws(() => log.at(count + 4096 * 2), RangeError);
});

test('finds the first delivery of an event that came again', () => {
  const log = new DeliveryLog('bodies');
  log.add(delivery(1), Buffer.from('one'));
  log.add({ ...delivery(1), attempt: 9 }, Buffer.from('two'));
  assert.equal(log.find(delivery(1).ceId)?.attempt, delivery(1).attempt);
  assert.deepEqual([log.deliveries, log.events], [2, 1]);
  assert.equal(log.body(1)?.toString(), 'two');
});

test('percentiles lie at most 3 % above the true value', () => {
  const histogram = new LatencyHistogram();
  assert.equal(histogram.percentile(0.5), undefined);
  for (let ms = 1; ms <= 1000; ms += 1) histogram.add(ms);
  for (const share of [0.01, 0.5, 0.99, 1]) {
    const found = histogram.percentile(share) ?? 0;
    assert.ok(found >= share * 1000 * 0.999 && found <= share * 1000 * 1.03, `${share}: ${found}`);
  }
});
