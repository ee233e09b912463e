import { type KeyObject, sign } from 'node:crypto';
import { SECOND } from '../../kernel/clock.ts';
import { GatewayError } from '../../kernel/errors.ts';
import { pathOf, renderContent, signs } from './custom-template.ts';
import { hmacOf, isValidAt, type SignedContent } from './match-keys.ts';
import { signHttpMessage } from './sign-http-message.ts';
import { contiguous } from './standard-webhooks.ts';
import type { CustomScheme, HmacAlgorithm, SignatureSettings, VerificationKey } from './types.ts';

/** A request that a source of this configuration would send. */
export interface SigningInput {
  readonly settings: SignatureSettings;
  /** Which of the configured keys signs; the first one valid at `now` where not given. */
  readonly keyId?: string | undefined;
  readonly method: string;
  /** Request target: path and query. */
  readonly target: string;
  readonly body: Buffer;
  /** Signing time, epoch milliseconds. */
  readonly now: number;
  /** Delivery id, for schemes that have one. */
  readonly id: string;
  /** Other headers that will be sent, `host` among them; HTTP Message Signatures may cover them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The sender's private key, where the chosen key is an Ed25519 public key. */
  readonly privateKey?: KeyObject | undefined;
}

export type SignatureHeaders = Readonly<Record<string, string>>;

/** Makes a signature over content with the chosen key, by the algorithm its kind has. */
export type Signer = (content: SignedContent, algorithm: HmacAlgorithm) => Buffer;

/**
 * The headers that sign a request as the source's scheme asks, for the `sign` command and for tests.
 *
 * @returns header names in lower case, to be sent beside the input's own
 * @throws GatewayError `signing-key-missing` when no key of that id, none valid now or no private key is at hand;
 *   `signing-component-missing` when a component to be covered is not in the request
 */
export function signRequest(input: SigningInput): SignatureHeaders {
  const key = chooseKey(input);
  const make = signerOf(key, input.privateKey);
  const seconds = Math.floor(input.now / SECOND);
  const { settings, body } = input;
  switch (settings.scheme) {
    case 'standard-webhooks':
      return standardWebhooksHeaders(input, make, key.material.kind, seconds);
    case 'websub':
      return { 'x-hub-signature': `sha256=${make([body], 'sha256').toString('hex')}` };
    case 'github':
      return { 'x-hub-signature-256': `sha256=${make([body], 'sha256').toString('hex')}` };
    case 'medplum':
      return { 'x-signature': make([body], 'sha256').toString('hex') };
    case 'stripe':
      return {
        'stripe-signature': `t=${seconds},v1=${make([`${seconds}.`, body], 'sha256').toString('hex')}`,
      };
    case 'slack':
      return {
        'x-slack-request-timestamp': `${seconds}`,
        'x-slack-signature': `v0=${make([`v0:${seconds}:`, body], 'sha256').toString('hex')}`,
      };
    case 'http-message-signatures':
      return signHttpMessage(input, settings, key.id, seconds, make);
    case 'custom':
      return customHeaders(input, settings.custom, make);
  }
}

function chooseKey(input: SigningInput): VerificationKey {
  const { keys } = input.settings;
  const key =
    input.keyId === undefined
      ? keys.find((candidate) => isValidAt(candidate, input.now))
      : keys.find((candidate) => candidate.id === input.keyId);
  if (key === undefined) throw keyMissing('no configured key has that id or is valid now');
  return key;
}

function signerOf(key: VerificationKey, privateKey: KeyObject | undefined): Signer {
  const { material } = key;
  if (material.kind === 'hmac') return (content, algorithm) => hmacOf(algorithm, material.key, content);
  if (privateKey === undefined) throw keyMissing("signing for an Ed25519 key needs the sender's private key");
  return (content) => sign(null, contiguous(content), privateKey);
}

function keyMissing(message: string): GatewayError {
  return new GatewayError('signing-key-missing', 'refuse', message);
}

function standardWebhooksHeaders(
  input: SigningInput,
  make: Signer,
  kind: VerificationKey['material']['kind'],
  seconds: number,
): SignatureHeaders {
  const signature = make([`${input.id}.${seconds}.`, input.body], 'sha256').toString('base64');
  return {
    'webhook-id': input.id,
    'webhook-timestamp': `${seconds}`,
    'webhook-signature': `${kind === 'hmac' ? 'v1' : 'v1a'},${signature}`,
  };
}

function customHeaders(input: SigningInput, custom: CustomScheme, make: Signer): SignatureHeaders {
  const timestamp = `${custom.timestampUnit === 'seconds' ? Math.floor(input.now / SECOND) : input.now}`;
  const content = renderContent(custom.content, {
    timestamp,
    id: input.id,
    method: input.method,
    path: pathOf(input.target),
    body: input.body,
  });
  const headers: Record<string, string> = {};
  if (custom.timestampHeader !== undefined && signs(custom.content, 'timestamp')) {
    headers[custom.timestampHeader.toLowerCase()] = timestamp;
  }
  if (custom.idHeader !== undefined && signs(custom.content, 'id'))
    headers[custom.idHeader.toLowerCase()] = input.id;
  const digest = make(content ?? [], custom.algorithm).toString(custom.encoding);
  headers[custom.header.toLowerCase()] = `${custom.prefix}${digest}`;
  return headers;
}
