import { createHash } from 'node:crypto';
import type { DecodedSecret } from './key-decoding.ts';
import { formatKeyPath } from './key-path.ts';
import { type KeyWeakness, keyWeakness } from './key-strength.ts';
import type { Complaint, ProblemReport } from './problem-report.ts';
import type { Profile } from './raw.ts';
import type { SecretPurpose } from './secret-uses.ts';

/**
 * What production refuses about secrets that are well-formed: weak ones, those used twice, and files that others
 * may read. Development only warns. Public keys are no secrets and are not judged.
 */
export function judgeKeys(secrets: Iterable<DecodedSecret>, profile: Profile, report: ProblemReport): void {
  const severity = profile === 'production' ? 'error' : 'warning';
  const seen = new Map<string, DecodedSecret>();
  for (const secret of secrets) {
    if (secret.bytes === undefined) continue;
    for (const complaint of complaints(secret, secret.bytes, seen)) {
      report.at(secret.found.use.path, { ...complaint, severity });
    }
  }
}

function complaints(
  secret: DecodedSecret,
  bytes: Buffer,
  seen: Map<string, DecodedSecret>,
): readonly Complaint[] {
  const { text, fileMode, use } = secret.found;
  const weakness = keyWeakness(bytes, text, leastBytes(use.purpose));
  return [
    ...(weakness === undefined ? [] : [weak(weakness, leastBytes(use.purpose))]),
    ...usedTwice(secret, bytes, seen),
    ...(fileMode !== undefined && (fileMode & 0o077) !== 0
      ? [readable(use.reference.file ?? '', fileMode)]
      : []),
  ];
}

/** Standard Webhooks asks for 24 bytes, RFC 7518 §3.2 for as many as the digest has. */
function leastBytes(purpose: SecretPurpose): number {
  if (purpose.kind === 'webhook' || purpose.kind === 'core-signing') return 24;
  if (purpose.kind !== 'token') return 32;
  return Math.max(32, ...purpose.algorithms.map((algorithm) => HMAC_DIGEST_BYTES[algorithm] ?? 0));
}

const HMAC_DIGEST_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

function weak(weakness: KeyWeakness, minBytes: number): Complaint {
  const remedy = 'draw a new one (`openssl rand -base64 32`) and give it to the other side too';
  return {
    code: `key-${weakness}`,
    message: `${WEAKNESSES[weakness]} (at least ${minBytes} random bytes)`,
    remedy,
  };
}

const WEAKNESSES: Readonly<Record<KeyWeakness, string>> = {
  short: 'this key is too short',
  zero: 'this key is all zeros',
  sample: 'this key is published as a sample, so anybody has it',
  placeholder: 'this is a placeholder, not a key',
  repeating: 'this key repeats one short piece',
  counting: 'this key just counts up or down',
  'low-entropy': 'this key is not random',
};

function usedTwice(
  secret: DecodedSecret,
  bytes: Buffer,
  seen: Map<string, DecodedSecret>,
): readonly Complaint[] {
  const prints = fingerprints(bytes, secret.found.text);
  const first = prints.map((print) => seen.get(print)).find((other) => other !== undefined);
  for (const print of prints) seen.set(print, first ?? secret);
  if (first === undefined) return [];
  const message = `this is the same key as ${formatKeyPath(first.found.use.path)}`;
  return [{ code: 'key-used-twice', message, remedy: 'give each purpose and each source a key of its own' }];
}

/** The same key may be written as text here and as base64 or hex there. */
function fingerprints(bytes: Buffer, text: string): readonly string[] {
  const bare = text.replace(/^whsec_/, '');
  const forms = [bytes, Buffer.from(text), Buffer.from(bare)];
  if (/^[A-Za-z0-9+/_-]{22,}={0,2}$/.test(bare)) forms.push(Buffer.from(bare, 'base64'));
  if (/^(?:[0-9a-fA-F]{2}){12,}$/.test(bare)) forms.push(Buffer.from(bare, 'hex'));
  return forms.map((form) => createHash('sha256').update(form).digest('base64'));
}

function readable(path: string, mode: number): Complaint {
  const octal = mode.toString(8).padStart(4, '0');
  const message = `${path} has mode ${octal}: others than its owner may use it`;
  const remedy = `\`chmod 0400 ${path}\`, owned by the user of the gateway (in orchestrators: set uid and mode of the secret)`;
  return { code: 'secret-file-open', message, remedy };
}
