import { isUtf8 } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';

export type SignatureFinding = 'verified' | 'refused' | 'verifiers-disagree';

const TOLERANCE_SECONDS = 300;

/**
 * Verifies Standard Webhooks signatures twice: with the official library, and byte by byte with node:crypto.
 * The library turns a body into text first, so a body that is not UTF-8 is left to the second check alone.
 */
export class SignatureCheck {
  readonly #official: Webhook;
  readonly #key: Buffer;
  readonly #withOfficial: boolean;
  /** Deliveries that the official library verified. */
  verifiedByLibrary = 0;
  /** Deliveries that only our own check could judge, because the body is not UTF-8. */
  verifiedByBytesOnly = 0;

  /**
   * @param secret `whsec_` and the key in base64.
   * @param withOfficial false leaves the official library out, for measuring.
   */
  constructor(secret: string, withOfficial: boolean) {
    this.#official = new Webhook(secret);
    this.#key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    this.#withOfficial = withOfficial;
  }

  check(headers: IncomingHttpHeaders, body: Buffer): SignatureFinding {
    const own = this.#ownVerdict(headers, body);
    if (!this.#withOfficial) return own ? 'verified' : 'refused';
    if (!isUtf8(body)) {
      if (own) this.verifiedByBytesOnly += 1;
      return own ? 'verified' : 'refused';
    }
    const official = this.#officialVerdict(headers, body);
    if (own !== official) return 'verifiers-disagree';
    if (official) this.verifiedByLibrary += 1;
    return official ? 'verified' : 'refused';
  }

  #officialVerdict(headers: IncomingHttpHeaders, body: Buffer): boolean {
    try {
      this.#official.verify(body, headers as Record<string, string>, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  }

  #ownVerdict(headers: IncomingHttpHeaders, body: Buffer): boolean {
    const timestamp = String(headers['webhook-timestamp'] ?? '');
    const age = Math.floor(Date.now() / 1000) - Number(timestamp);
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(age) > TOLERANCE_SECONDS) return false;
    const content = createHmac('sha256', this.#key).update(`${headers['webhook-id']}.${timestamp}.`);
    const expected = Buffer.from(`v1,${content.update(body).digest('base64')}`);
    const offered = String(headers['webhook-signature'] ?? '').split(' ');
    return offered
      .map((one) => Buffer.from(one))
      .some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  }
}
