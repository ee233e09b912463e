import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface SigningTask {
  readonly id: string;
  readonly body: Buffer;
  /** Path of the webhook's URL. */
  readonly path: string;
}

/** A scheme as its specification or vendor documents it, made without the product's code. */
export interface DocumentedScheme {
  /** Also the id of the source that uses it. */
  readonly name: string;
  /** The source's `signature` in the configuration. */
  readonly signature: {
    readonly scheme: string;
    readonly secrets: readonly object[];
    readonly [more: string]: unknown;
  };
  /** Whether repeating the id with other content is told as a conflict. */
  readonly signsId: boolean;
  headers(task: SigningTask): Record<string, string>;
}

type Digest = 'sha256' | 'sha512';

const seconds = () => String(Math.floor(Date.now() / 1000));
const textSecret = () => randomBytes(32).toString('base64url');

function hmac(algorithm: Digest, key: string | Buffer, ...parts: (string | Buffer)[]) {
  const mac = createHmac(algorithm, key);
  for (const part of parts) mac.update(part);
  return mac;
}

function simple(
  name: string,
  signature: Record<string, unknown>,
  headers: (secret: string, task: SigningTask) => Record<string, string>,
): DocumentedScheme {
  const secret = textSecret();
  return {
    name,
    signature: { scheme: name, secrets: [{ id: 'k1', value: secret }], ...signature },
    signsId: false,
    headers: (task) => headers(secret, task),
  };
}

function standard(name: string, prefix: 'webhook' | 'svix'): DocumentedScheme {
  const key = randomBytes(32);
  const value = `whsec_${key.toString('base64')}`;
  return {
    name,
    signature: { scheme: 'standard-webhooks', secrets: [{ id: 'k1', value }] },
    signsId: true,
    headers({ id, body }) {
      const at = seconds();
      const digest = hmac('sha256', key, `${id}.${at}.`, body).digest('base64');
      return { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: at, [`${prefix}-signature`]: `v1,${digest}` };
    },
  };
}

function standardAsymmetric(): DocumentedScheme {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(String(publicKey.export({ format: 'jwk' }).x), 'base64url');
  return {
    name: 'standard-webhooks-v1a',
    signature: {
      scheme: 'standard-webhooks',
      secrets: [{ id: 'k1', value: `whpk_${raw.toString('base64')}` }],
    },
    signsId: true,
    headers({ id, body }) {
      const at = seconds();
      const signature = sign(null, Buffer.concat([Buffer.from(`${id}.${at}.`), body]), privateKey);
      return {
        'webhook-id': id,
        'webhook-timestamp': at,
        'webhook-signature': `v1a,${signature.toString('base64')}`,
      };
    },
  };
}

/** RFC 9421 §2.5 with `content-digest` (RFC 9530) and two derived components covered. */
function messageSignature(
  name: string,
  value: string,
  algorithm: string,
  make: (base: Buffer) => Buffer,
): DocumentedScheme {
  return {
    name,
    signature: { scheme: 'http-message-signatures', secrets: [{ id: 'k1', value }] },
    signsId: false,
    headers({ body, path }) {
      const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
      const parameters = `("@method" "@path" "content-digest");created=${seconds()};keyid="k1";alg="${algorithm}"`;
      const base = [
        '"@method": POST',
        `"@path": ${path}`,
        `"content-digest": ${digest}`,
        `"@signature-params": ${parameters}`,
      ].join('\n');
      return {
        'content-digest': digest,
        'signature-input': `sig1=${parameters}`,
        signature: `sig1=:${make(Buffer.from(base)).toString('base64')}:`,
      };
    },
  };
}

function messageSignatures(): DocumentedScheme[] {
  const secret = textSecret();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return [
    messageSignature('message-signature-hmac', secret, 'hmac-sha256', (base) =>
      hmac('sha256', secret, base).digest(),
    ),
    messageSignature('message-signature-ed25519', pem, 'ed25519', (base) => sign(null, base, privateKey)),
  ];
}

function custom(): DocumentedScheme {
  const secret = textSecret();
  const fields = {
    header: 'X-Vendor-Signature',
    algorithm: 'sha512',
    encoding: 'base64',
    prefix: 'v9:',
    timestampHeader: 'X-Vendor-Time',
    timestampUnit: 'milliseconds',
    idHeader: 'X-Vendor-Id',
    content: '{id}\n{timestamp}\n{method} {path}\n{body}',
  };
  return {
    name: 'custom',
    signature: { scheme: 'custom', custom: fields, secrets: [{ id: 'k1', value: secret }] },
    signsId: true,
    headers({ id, body, path }) {
      const at = String(Date.now());
      const digest = hmac('sha512', secret, `${id}\n${at}\nPOST ${path}\n`, body).digest('base64');
      return { 'x-vendor-signature': `v9:${digest}`, 'x-vendor-time': at, 'x-vendor-id': id };
    },
  };
}

/** Every scheme of the contract, each with a secret of its own. */
export function documentedSchemes(): DocumentedScheme[] {
  return [
    standard('standard-webhooks', 'webhook'),
    standard('standard-webhooks-svix', 'svix'),
    standardAsymmetric(),
    simple('websub', {}, (secret, { body }) => ({
      'x-hub-signature': `sha256=${hmac('sha256', secret, body).digest('hex')}`,
    })),
    {
      ...simple('websub', {}, (secret, { body }) => ({
        'x-hub-signature': `sha512=${hmac('sha512', secret, body).digest('hex')}`,
      })),
      name: 'websub-sha512',
    },
    simple('github', {}, (secret, { body }) => ({
      'x-hub-signature-256': `sha256=${hmac('sha256', secret, body).digest('hex')}`,
    })),
    simple('medplum', {}, (secret, { body }) => ({
      'x-signature': hmac('sha256', secret, body).digest('hex'),
    })),
    simple('stripe', {}, (secret, { body }) => {
      const at = seconds();
      return { 'stripe-signature': `t=${at},v1=${hmac('sha256', secret, `${at}.`, body).digest('hex')}` };
    }),
    simple('slack', {}, (secret, { body }) => {
      const at = seconds();
      const digest = hmac('sha256', secret, `v0:${at}:`, body).digest('hex');
      return { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${digest}` };
    }),
    ...messageSignatures(),
    custom(),
  ];
}
