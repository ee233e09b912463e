import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type KeyEncoding, parseVerificationKey } from '../inbound/signature/keys.ts';
import type { SchemeName, VerificationKey } from '../inbound/signature/types.ts';
import { parseInstant } from './instant.ts';
import type { Complaint } from './problem-report.ts';
import type { RawWindowedSecret } from './raw.ts';
import type { FoundSecret } from './secret-resolution.ts';

/** A secret as the program uses it. `bytes` is what must stay secret; a public key has none. */
export type DecodedSecret = { readonly found: FoundSecret } & (
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'signing-key'; readonly key: KeyObject; readonly bytes: Buffer }
  | { readonly kind: 'verification-key'; readonly key: VerificationKey; readonly bytes: Buffer | undefined }
);

export type Decoding =
  | { readonly ok: true; readonly secret: DecodedSecret }
  | { readonly ok: false; readonly complaint: Complaint };

const MASTER_KEY_BYTES = 32;

/** Reads the text of a secret in the form that its purpose demands. Complaints never quote it. */
export function decodeSecret(found: FoundSecret): Decoding {
  const { purpose, reference } = found.use;
  switch (purpose.kind) {
    case 'master':
    case 'previous-master':
      return decodeMasterKey(found);
    case 'audit-signing':
      return decodeSigningKey(found);
    case 'core-signing':
      return decodeHmacKey(found, 'standard-webhooks', reference.encoding);
    case 'sidecar':
    case 'token':
      return decodeHmacKey(found, 'custom', reference.encoding);
    case 'webhook':
      return decodeWebhookKey(found, purpose.scheme, purpose.secret);
  }
}

function decodeMasterKey(found: FoundSecret): Decoding {
  const bytes = Buffer.from(found.text, 'base64');
  if (bytes.length === MASTER_KEY_BYTES && bytes.toString('base64') === found.text) {
    return { ok: true, secret: { found, kind: 'bytes', bytes } };
  }
  const message = `this is not ${MASTER_KEY_BYTES} bytes in base64`;
  return refused('key-malformed', message, `make one with \`openssl rand -base64 ${MASTER_KEY_BYTES}\``);
}

function decodeSigningKey(found: FoundSecret): Decoding {
  const key = readPkcs8(found.text);
  const seed = key?.asymmetricKeyType === 'ed25519' ? key.export({ format: 'jwk' }).d : undefined;
  if (key !== undefined && seed !== undefined) {
    return { ok: true, secret: { found, kind: 'signing-key', key, bytes: Buffer.from(seed, 'base64url') } };
  }
  const message = 'this is not an Ed25519 private key as PKCS#8 PEM without a passphrase';
  return refused('key-malformed', message, 'make one with `openssl genpkey -algorithm ed25519`');
}

function readPkcs8(text: string): KeyObject | undefined {
  try {
    return createPrivateKey({ key: text, format: 'pem', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

function decodeHmacKey(found: FoundSecret, scheme: SchemeName, encoding: KeyEncoding | undefined): Decoding {
  const parsed = parseVerificationKey({ scheme, id: 'gateway', text: found.text, encoding });
  if (!parsed.ok) return refusedKey(parsed.problem);
  const { material } = parsed.key;
  if (material.kind === 'hmac')
    return { ok: true, secret: { found, kind: 'bytes', bytes: material.key.export() } };
  return refused(
    'key-malformed',
    'a public key stands where a shared secret is needed',
    'put the shared secret',
  );
}

function decodeWebhookKey(found: FoundSecret, scheme: SchemeName, secret: RawWindowedSecret): Decoding {
  const window = readWindow(secret);
  if (window === undefined) {
    const message = '`notBefore` or `notAfter` is a day or time that does not exist';
    return refused('window-malformed', message, 'correct the date');
  }
  const { id, encoding } = secret;
  const parsed = parseVerificationKey({ scheme, id, text: found.text, encoding, ...window });
  if (!parsed.ok) return refusedKey(parsed.problem);
  const { material } = parsed.key;
  const bytes = material.kind === 'hmac' ? material.key.export() : undefined;
  return { ok: true, secret: { found, kind: 'verification-key', key: parsed.key, bytes } };
}

interface Window {
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}

function readWindow(secret: RawWindowedSecret): Window | undefined {
  const notBefore = secret.notBefore === undefined ? undefined : parseInstant(secret.notBefore);
  const notAfter = secret.notAfter === undefined ? undefined : parseInstant(secret.notAfter);
  const given = (text: string | undefined, epochMs: number | undefined) =>
    (text === undefined) === (epochMs === undefined);
  const sound = given(secret.notBefore, notBefore) && given(secret.notAfter, notAfter);
  return sound ? { notBefore, notAfter } : undefined;
}

/** Key problems are worded as `what is wrong: what to do`. */
function refusedKey(problem: { readonly code: string; readonly message: string }): Decoding {
  const [message = problem.code, ...remedy] = problem.message.split(': ');
  return refused(problem.code, message, remedy.join(': ') || 'put the secret the other side signs with');
}

function refused(code: string, message: string, remedy: string): Decoding {
  return { ok: false, complaint: { code, message, remedy } };
}
