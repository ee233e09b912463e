import { readFileSync, writeFileSync } from 'node:fs';
import type { NotificationTemplate } from './notification.ts';
import { SIGNATURE_LENGTH } from './request-set.ts';

/** How a record of the request set becomes the bytes of one HTTP request: copies into a template. */
export interface WirePlan {
  /** A whole request of the length that all have, values still to be put in. */
  readonly template: Buffer;
  readonly copies: readonly Copy[];
  readonly recordBytes: number;
}

export interface Copy {
  /** Offset in the record. */
  readonly from: number;
  /** Offset in the request. */
  readonly to: number;
  readonly length: number;
}

/** The part of a request set that a plan is made from. */
interface Plannable {
  readonly recordBytes: number;
  readonly template: Pick<NotificationTemplate, 'body' | 'places'>;
}

/** Where the requests go. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** @param requests needs only the notification's bytes and places. */
export function wirePlan({ template, recordBytes }: Plannable, { host, port, path }: Target): WirePlan {
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'User-Agent: bench',
    'Content-Type: application/fhir+json',
    `Content-Length: ${template.body.length}`,
    'X-Hub-Signature-256: sha256=',
  ].join('\r\n');
  const signature = Buffer.from(`${head}${'0'.repeat(SIGNATURE_LENGTH)}\r\n\r\n`, 'latin1');
  const copies: Copy[] = [{ from: 0, to: head.length, length: SIGNATURE_LENGTH }];
  let from = SIGNATURE_LENGTH;
  for (const { length, at } of template.places) {
    for (const offset of at) copies.push({ from, to: signature.length + offset, length });
    from += length;
  }
  return { template: Buffer.concat([signature, template.body]), copies, recordBytes };
}

/** Writes the plan as a Lua table for the script that wrk runs. */
export function writeLuaPlan(file: string, plan: WirePlan): void {
  const copies = plan.copies.map(({ from, to, length }) => `{${from},${to},${length}}`).join(',');
  const bytes = [...plan.template].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('');
  const fields = `template="${bytes}",record_bytes=${plan.recordBytes},copies={${copies}}`;
  writeFileSync(file, `return {${fields}}\n`);
}

/** Makes request after request from the file of records, each a buffer of its own. */
export class RequestReader {
  readonly #plan: WirePlan;
  readonly #records: Buffer;

  constructor(plan: WirePlan, file: string) {
    this.#plan = plan;
    this.#records = readFileSync(file);
  }

  request(index: number): Buffer {
    const { template, copies, recordBytes } = this.#plan;
    const request = Buffer.from(template);
    const record = index * recordBytes;
    if (record + recordBytes > this.#records.length) throw new RangeError(`there is no request ${index}`);
    for (const { from, to, length } of copies) {
      this.#records.copy(request, to, record + from, record + from + length);
    }
    return request;
  }
}
