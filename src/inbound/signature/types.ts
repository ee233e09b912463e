import type { KeyObject } from 'node:crypto';

/** Each scheme is named after the specification or vendor that documents it. */
export const SCHEME_NAMES = [
  'standard-webhooks',
  'websub',
  'github',
  'medplum',
  'stripe',
  'slack',
  'http-message-signatures',
  'custom',
] as const;
export type SchemeName = (typeof SCHEME_NAMES)[number];

/**
 * A secret of a source while it may be used: `notBefore <= signed time < notAfter`, epoch milliseconds.
 * A shared secret is a `KeyObject`: four times quicker to make an HMAC with than its bytes, and it does not print.
 */
export interface VerificationKey {
  readonly id: string;
  readonly material:
    | { readonly kind: 'hmac'; readonly key: KeyObject }
    | { readonly kind: 'ed25519'; readonly publicKey: KeyObject };
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}

export type HmacAlgorithm = 'sha256' | 'sha384' | 'sha512';

/** How a sender without a preset signs. `content` is a template over `{timestamp}`, `{id}`, `{method}`, `{path}`, `{body}`. */
export interface CustomScheme {
  readonly header: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: 'hex' | 'base64' | 'base64url';
  /** Text before the encoded digest, such as `sha256=`; empty for none. */
  readonly prefix: string;
  readonly timestampHeader: string | undefined;
  readonly timestampUnit: 'seconds' | 'milliseconds';
  readonly idHeader: string | undefined;
  readonly content: string;
}

export type SignatureSettings = {
  /** Half-width of the window around our clock in which a signed time is believed, milliseconds. */
  readonly toleranceMs: number;
  readonly keys: readonly VerificationKey[];
} & (
  | { readonly scheme: Exclude<SchemeName, 'custom' | 'http-message-signatures'> }
  | { readonly scheme: 'custom'; readonly custom: CustomScheme }
  | {
      readonly scheme: 'http-message-signatures';
      /** Components that must be covered; always holds `content-digest`. */
      readonly requiredComponents: readonly string[];
      /** Scheme of the URL senders post to, for `@scheme` and `@target-uri`; `https` where not given. */
      readonly publicScheme?: 'https' | 'http';
    }
);

/** What a signature is judged on. Nothing in it is trusted yet. */
export interface SignedRequest {
  readonly method: string;
  /** Request target as received: path and query, not decoded. */
  readonly target: string;
  /** Name, value, name, value … as received, so that repeated lines are still visible. */
  readonly rawHeaders: readonly string[];
  /** The exact bytes of the body. */
  readonly body: Buffer;
}

/** Why a signature was refused: for the audit log and the source's score, never for the caller. */
export type SignatureRefusal =
  | 'signature-missing'
  | 'signature-repeated'
  | 'signature-malformed'
  | 'signature-mismatch'
  | 'signature-candidates-exceeded'
  | 'signature-version-unsupported'
  | 'timestamp-missing'
  | 'timestamp-repeated'
  | 'timestamp-malformed'
  | 'timestamp-stale'
  | 'timestamp-future'
  | 'id-missing'
  | 'id-repeated'
  | 'id-malformed'
  | 'key-not-valid-at-signed-time'
  | 'algorithm-refused'
  | 'digest-missing'
  | 'digest-malformed'
  | 'digest-mismatch'
  | 'component-not-covered'
  | 'component-unsupported'
  | 'component-missing';

export type SignatureVerdict =
  | {
      readonly ok: true;
      readonly keyId: string;
      /** The signed time, epoch milliseconds, where the scheme signs one. */
      readonly signedAt: number | undefined;
      /** The delivery id, only where the scheme signs it. */
      readonly signedId: string | undefined;
    }
  | { readonly ok: false; readonly refusal: SignatureRefusal };
