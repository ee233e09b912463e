import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Signs what is sent to the core platform: Standard Webhooks, version 1 (HMAC-SHA256). */
export interface WebhookSigner {
  /**
   * The value of `webhook-signature`: one `v1,<base64>` per key, separated by a space.
   * @param timestamp epoch seconds, as sent in `webhook-timestamp`.
   */
  sign(id: string, timestamp: number, body: Buffer): string;
}

/**
 * @param secrets decoded key bytes, the current one first; several while the core platform changes over.
 * @throws RangeError without a key or for an empty one.
 */
export function createWebhookSigner(secrets: readonly Buffer[]): WebhookSigner {
  if (secrets.length === 0 || secrets.some((secret) => secret.length === 0)) {
    throw new RangeError('signing needs at least one key, none of them empty');
  }
  const keys = secrets.map((secret) => createSecretKey(secret));
  return {
    sign(id, timestamp, body) {
      const prefix = `${id}.${timestamp}.`;
      return keys.map((key) => `v1,${hmac(key, prefix, body)}`).join(' ');
    },
  };
}

function hmac(key: KeyObject, prefix: string, body: Buffer): string {
  return createHmac('sha256', key).update(prefix).update(body).digest('base64');
}

/** Signs with whatever key is in force; a reload may have changed it since the last call. */
export function reloadableSigner(currentSecret: () => Buffer): WebhookSigner {
  let secret = currentSecret();
  let signer = createWebhookSigner([secret]);
  return {
    sign(id, timestamp, body) {
      const current = currentSecret();
      if (current !== secret) {
        secret = current;
        signer = createWebhookSigner([current]);
      }
      return signer.sign(id, timestamp, body);
    },
  };
}
