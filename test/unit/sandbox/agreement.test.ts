import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAcknowledged } from '../../../sandbox/agreement.ts';
import { DeliveryLog } from '../../../sandbox/core-platform/delivery-log.ts';
import { AcknowledgementLedger } from '../../../sandbox/ehr/acknowledgements.ts';
import type { SendOutcome } from '../../../sandbox/ehr/outcome.ts';

const eventId = (number: number) => `01890000-0000-7000-8000-00000000000${number}`;
const sha = (digit: string) => digit.repeat(64);

function outcome(number: number, rest: Partial<SendOutcome> = {}): SendOutcome {
  return {
    sender: 'mercy/ehr',
    intent: 'original',
    notificationId: `msg_${number}`,
    kind: 'event-notification',
    lane: 'lane',
    sequence: number,
    foci: [],
    sha256: sha('a'),
    bytes: 2,
    status: 200,
    eventId: eventId(number),
    duplicate: false,
    attempts: 1,
    end: 'answered',
    latencyMs: 1,
    startedAt: 0,
    problem: undefined,
    ...rest,
  };
}

function delivered(log: DeliveryLog, number: number, sha256 = sha('a')): void {
  const names = { organization: 'mercy', source: 'ehr', type: 'fhir.notification.event', subject: undefined };
  const rest = { attempt: 1, replay: false, auditseq: number, audithash: sha('0'), receivedAt: 0 };
  log.add({ ceId: eventId(number), sha256, ...names, ...rest }, Buffer.alloc(0));
}

test('tells acknowledged events that are missing, altered or held under two ids', () => {
  const ledger = new AcknowledgementLedger();
  const log = new DeliveryLog('digests');
  for (const number of [1, 2, 3]) ledger.add(outcome(number));
  ledger.add(outcome(3, { eventId: eventId(9), intent: 'duplicate' }));
  delivered(log, 1);
  delivered(log, 2, sha('b'));
  const { missing, altered, contradictions } = compareAcknowledged(ledger, log);
  assert.deepEqual(
    [missing.map(({ sequence }) => sequence), altered.map(({ sequence }) => sequence)],
    [[3], [2]],
  );
  assert.deepEqual(contradictions, [`msg_3: ${eventId(3)} and ${eventId(9)}`]);
});

test('asks nothing of what was not acknowledged, nor of handshakes and heartbeats', () => {
  const ledger = new AcknowledgementLedger();
  ledger.add(outcome(1, { status: 503, eventId: undefined, end: 'exhausted' }));
  ledger.add(outcome(2, { status: 401, eventId: undefined }));
  ledger.add(outcome(3, { kind: 'handshake' }));
  ledger.add(outcome(4, { kind: 'heartbeat' }));
  assert.deepEqual(compareAcknowledged(ledger, new DeliveryLog('digests')).missing, []);
});
