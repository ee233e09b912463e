const LOWER_HEX = /^[0-9a-f]*$/;
const UPPER_HEX = /^[0-9A-F]*$/;

/**
 * Decodes exactly `byteLength` bytes of lower-case hexadecimal, or returns undefined.
 *
 * Lower case only: GitHub, Slack, Stripe, Medplum and every WebSub sender known write it so, and none of their
 * documents says that case is free. One spelling per digest leaves nothing to vary in a captured request.
 */
export function decodeLowerHex(text: string, byteLength: number): Buffer | undefined {
  return text.length === byteLength * 2 && LOWER_HEX.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** As `decodeLowerHex`, but all in upper case is taken too; a mixture of both is not. */
export function decodeUniformHex(text: string, byteLength: number): Buffer | undefined {
  if (text.length !== byteLength * 2) return undefined;
  return LOWER_HEX.test(text) || UPPER_HEX.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/**
 * Decodes canonical base64 (RFC 4648 §4): right alphabet, full padding, zero trailing bits.
 * Node's decoder skips what it does not know, so the text must equal the encoding of what was read.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** Decodes exactly `byteLength` bytes of canonical base64, or returns undefined. */
export function decodeExactBase64(text: string, byteLength: number): Buffer | undefined {
  if (text.length !== Math.ceil(byteLength / 3) * 4) return undefined;
  return decodeBase64(text);
}

/** Decodes exactly `byteLength` bytes of base64url (RFC 4648 §5), padded or not, or returns undefined. */
export function decodeExactBase64Url(text: string, byteLength: number): Buffer | undefined {
  const padding = '='.repeat((3 - (byteLength % 3)) % 3);
  const bare = padding !== '' && text.endsWith(padding) ? text.slice(0, -padding.length) : text;
  const bytes = Buffer.from(bare, 'base64url');
  return bytes.length === byteLength && bytes.toString('base64url') === bare ? bytes : undefined;
}
