import { REPEATED, type SingleHeader } from './raw-headers.ts';
import type { SignatureRefusal } from './types.ts';

const VISIBLE_ASCII = /^[\x21-\x7e]{1,256}$/;

/** Undefined when a delivery id is there once and is 1 to 256 visible ASCII characters. */
export function deliveryIdRefusal(header: SingleHeader): SignatureRefusal | undefined {
  if (header === undefined) return 'id-missing';
  if (header === REPEATED) return 'id-repeated';
  return VISIBLE_ASCII.test(header) ? undefined : 'id-malformed';
}
