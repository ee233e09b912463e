/**
 * The sandbox EHR as a container: sends signed notifications through nginx to one source of the gateway.
 * EHR_TARGET (the webhook's URL), EHR_SECRET_FILE (`whsec_…`), EHR_CA_FILE, EHR_RATE (5 a second), REPORT_SECONDS (10).
 */
import { randomUUID } from 'node:crypto';
import { HOSPITAL_MIX } from '../ehr/mix.ts';
import type { SendOutcome } from '../ehr/outcome.ts';
import { startEhr } from '../ehr/run.ts';
import { EhrSender } from '../ehr/sender.ts';
import { standardWebhooksSigner } from '../ehr/signing.ts';
import { createWorkload } from '../ehr/workload.ts';
import { fileOf, onStop, say, variable } from './environment.ts';

const seed = randomUUID();
const stopping = new AbortController();
const counts = new Map<string, number>();

const sender = new EhrSender({
  name: 'ehr',
  target: variable('EHR_TARGET'),
  signer: standardWebhooksSigner(fileOf('EHR_SECRET_FILE')),
  connections: 2,
  tls: { ca: fileOf('EHR_CA_FILE') },
  signal: stopping.signal,
});
const run = startEhr({
  sender,
  workloads: [createWorkload({ format: 'backport-r4', seed, lane: 'ehr', now: Date.now, mix: HOSPITAL_MIX })],
  ratePerSecond: Number(variable('EHR_RATE', '5')),
  onOutcome: count,
});

const reporter = setInterval(report, Number(variable('REPORT_SECONDS', '10')) * 1_000);
onStop(() => {
  run.stop();
  stopping.abort();
});
await run.done;
clearInterval(reporter);
report();
sender.close();

function count({ status, end }: SendOutcome): void {
  const what = status === undefined ? end : `status_${status}`;
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function report(): void {
  say('sent', Object.fromEntries(counts));
}
