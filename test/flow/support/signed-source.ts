import { randomBytes } from 'node:crypto';
import { type Signer, standardWebhooksSigner } from '../../../sandbox/ehr/signing.ts';
import { newWebhookSecret, type SourceParts, standardSource } from '../../support/gateway-config.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import type { HttpAnswer } from '../../support/http-request.ts';
import { post, receipt } from './stage.ts';

/** `mercy/ehr`: a source of Standard Webhooks form, with the means to send as it would. */
export class SignedSource {
  readonly secret = newWebhookSecret();
  readonly parts: SourceParts;
  readonly signer: Signer;
  #sent = 0;

  constructor(more: Partial<SourceParts> = {}) {
    this.parts = standardSource('ehr', this.secret, { profile: 'rest-hook-r4', ...more });
    this.signer = standardWebhooksSigner(this.secret);
  }

  get organizations() {
    return [{ id: 'mercy', sources: [this.parts] }];
  }

  /** A message that is not equal to any other. @param focus id of the resource, where order matters. */
  next(focus?: string): Message {
    this.#sent += 1;
    const number = this.#sent;
    return {
      id: `msg_${number}_${randomBytes(4).toString('hex')}`,
      body: Buffer.from(
        JSON.stringify({
          resourceType: 'Observation',
          id: focus ?? `o-${number}`,
          meta: { versionId: String(number) },
          status: 'final',
          code: { text: `reading ${number}` },
        }),
      ),
    };
  }

  send(gateway: GatewayProcess, { id, body }: Message): Promise<HttpAnswer> {
    return post(gateway, 'mercy/ehr', this.signer.headers({ id, body, nowMs: Date.now() }), body);
  }

  /** Sends new messages, one after another. @returns their event ids. */
  async accepted(gateway: GatewayProcess, count: number, focus?: string): Promise<Accepted[]> {
    const accepted = [];
    for (let sent = 0; sent < count; sent += 1) {
      const message = this.next(focus);
      accepted.push({ ...message, eventId: receipt(await this.send(gateway, message)) });
    }
    return accepted;
  }
}

export interface Message {
  readonly id: string;
  readonly body: Buffer;
}

export interface Accepted extends Message {
  readonly eventId: string;
}
