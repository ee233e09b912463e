import assert from 'node:assert/strict';
import { type KeyInput, parseVerificationKey } from '../../../../src/inbound/signature/keys.ts';
import type {
  CustomScheme,
  SchemeName,
  SignatureRefusal,
  SignatureSettings,
  SignatureVerdict,
  SignedRequest,
  VerificationKey,
} from '../../../../src/inbound/signature/types.ts';

/** The secret, id, time and body of the Standard Webhooks libraries' own tests. */
export const STANDARD = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
} as const;

/** Ed25519 key pair, and signature of the same delivery, of the Svix server's tests. */
export const STANDARD_V1A = {
  publicKey: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
  privateKey: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  signature: 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
} as const;

export const STANDARD_NOW = 1_614_265_330_000;

/** Keys of RFC 9421 appendix B.1. */
export const RFC9421 = {
  sharedSecret: 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  ed25519:
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n',
} as const;

export function key(input: Omit<KeyInput, 'id'> & { readonly id?: string }): VerificationKey {
  const parsed = parseVerificationKey({ id: 'k1', ...input });
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problem.code);
  return parsed.key;
}

type PresetScheme = Exclude<SchemeName, 'custom' | 'http-message-signatures'>;

export function preset(scheme: PresetScheme, ...keys: readonly VerificationKey[]): SignatureSettings {
  return { scheme, toleranceMs: 300_000, keys };
}

export function messageSettings(
  keys: readonly VerificationKey[],
  requiredComponents: readonly string[] = ['content-digest'],
): Extract<SignatureSettings, { scheme: 'http-message-signatures' }> {
  return { scheme: 'http-message-signatures', toleranceMs: 300_000, keys, requiredComponents };
}

export function customSettings(
  keys: readonly VerificationKey[],
  custom: Partial<CustomScheme>,
): Extract<SignatureSettings, { scheme: 'custom' }> {
  return {
    scheme: 'custom',
    toleranceMs: 300_000,
    keys,
    custom: {
      header: 'X-Sig',
      algorithm: 'sha256',
      encoding: 'hex',
      prefix: '',
      timestampHeader: undefined,
      timestampUnit: 'seconds',
      idHeader: undefined,
      content: '{body}',
      ...custom,
    },
  };
}

/** Header lines as pairs; a name may come twice. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

export function request(
  headers: HeaderLines,
  body: string | Buffer,
  line: { readonly method?: string; readonly target?: string } = {},
): SignedRequest {
  return {
    method: line.method ?? 'POST',
    target: line.target ?? '/webhooks/mercy/ehr',
    rawHeaders: [
      ['Host', 'example.com'] as const,
      ['Content-Type', 'application/json'] as const,
      ...headers,
    ].flat(),
    body: typeof body === 'string' ? Buffer.from(body, 'utf8') : body,
  };
}

/** A delivery of the Standard Webhooks vector, with other header values where given; `undefined` omits the header. */
export function standardRequest(
  changes: {
    readonly id?: string | undefined;
    readonly timestamp?: string | undefined;
    readonly signature?: string | undefined;
  } = {},
  body: string | Buffer = STANDARD.body,
  family: 'webhook' | 'svix' = 'webhook',
): SignedRequest {
  const values = { ...STANDARD, ...changes };
  const lines = (['id', 'timestamp', 'signature'] as const).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [[`${family}-${name}`, value] as const];
  });
  return request(lines, body);
}

export function assertAccepted(
  verdict: SignatureVerdict,
  expected: Partial<Extract<SignatureVerdict, { ok: true }>> = {},
): void {
  assert.equal(verdict.ok ? 'accepted' : verdict.refusal, 'accepted');
  assert.deepEqual({ ...verdict, ...expected }, verdict);
}

export function assertRefused(verdict: SignatureVerdict, refusal: SignatureRefusal): void {
  assert.deepEqual(verdict, { ok: false, refusal });
}
