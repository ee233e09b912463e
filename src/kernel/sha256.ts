import { hash } from 'node:crypto';

/** SHA-256, 32 bytes. By way of a Latin-1 string, which Node hands over in a quarter of the time a buffer takes. */
export function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
}
