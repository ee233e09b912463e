import { createHmac } from 'node:crypto';

/** Makes the signature headers of one request. */
export interface Signer {
  readonly scheme: 'standard-webhooks' | 'websub' | 'medplum';
  /** Whether the signature covers a time, so that an old one can be told. */
  readonly signsTime: boolean;
  headers(message: {
    readonly id: string;
    readonly body: Buffer;
    readonly nowMs: number;
  }): Record<string, string>;
}

/**
 * Standard Webhooks v1: HMAC-SHA256 over `id.timestamp.body`, base64.
 * @param secret `whsec_` and the key in base64.
 */
export function standardWebhooksSigner(secret: string): Signer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return {
    scheme: 'standard-webhooks',
    signsTime: true,
    headers({ id, body, nowMs }) {
      const timestamp = String(Math.floor(nowMs / 1000));
      const digest = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
      return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${digest}` };
    },
  };
}

/** WebSub §7: `X-Hub-Signature: sha256=` and the HMAC of the body in hex; the secret's UTF-8 bytes are the key. */
export function webSubSigner(secret: string, algorithm: 'sha256' | 'sha384' | 'sha512' = 'sha256'): Signer {
  return {
    scheme: 'websub',
    signsTime: false,
    headers({ body }) {
      return {
        'x-hub-signature': `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`,
      };
    },
  };
}

/** Medplum: `X-Signature` with the bare HMAC-SHA256 of the body in hex. */
export function medplumSigner(secret: string): Signer {
  return {
    scheme: 'medplum',
    signsTime: false,
    headers({ body }) {
      return { 'x-signature': createHmac('sha256', secret).update(body).digest('hex') };
    },
  };
}
