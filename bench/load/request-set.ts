import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { type NotificationTemplate, notificationTemplate } from './notification.ts';

/** One file of signed requests that every peer is sent. */
export interface RequestSet {
  /** Records of equal length, one a request: the signature in hex, then the values of the slots. */
  readonly file: string;
  readonly count: number;
  readonly recordBytes: number;
  readonly template: NotificationTemplate;
  readonly secret: string;
}

export const SIGNATURE_LENGTH = 64;
const FLUSH_RECORDS = 4_096;

/**
 * Signs `count` distinct notifications as GitHub does (HMAC-SHA256 over the body, hex): the scheme that every peer can
 * check. Done ahead, so that the load generator only copies.
 */
export async function makeRequestSet(folder: string, count: number, secret: string): Promise<RequestSet> {
  const template = notificationTemplate();
  const file = join(folder, 'requests.bin');
  const out = createWriteStream(file);
  const body = Buffer.from(template.body);
  for (let first = 0; first < count; first += FLUSH_RECORDS) {
    const last = Math.min(first + FLUSH_RECORDS, count);
    const records: string[] = [];
    for (let index = first; index < last; index += 1)
      records.push(signedRecord(template, body, index, secret));
    if (!out.write(records.join(''), 'latin1')) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  const recordBytes = template.places.reduce((sum, { length }) => sum + length, SIGNATURE_LENGTH);
  return { file, count, recordBytes, template, secret };
}

function signedRecord(template: NotificationTemplate, body: Buffer, index: number, secret: string): string {
  const values = template.values(index);
  for (const [slot, { length, at }] of template.places.entries()) {
    const value = values[slot] ?? '';
    if (value.length !== length) throw new Error(`a value of slot ${slot} has another length than its place`);
    for (const offset of at) body.write(value, offset, 'latin1');
  }
  return createHmac('sha256', secret).update(body).digest('hex') + values.join('');
}
