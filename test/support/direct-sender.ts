import { createHash } from 'node:crypto';
import type { AcknowledgementLedger } from '../../sandbox/ehr/acknowledgements.ts';
import { type Intent, signatureHeaders } from '../../sandbox/ehr/intents.ts';
import type { Signer } from '../../sandbox/ehr/signing.ts';
import type { Notification } from '../../sandbox/ehr/workload.ts';
import { type HttpAnswer, request } from './http-request.ts';

export interface DirectSenderOptions {
  readonly name: string;
  /** URL of the source at the gateway. */
  readonly target: () => string;
  readonly signer: Signer;
  readonly ledger: AcknowledgementLedger;
}

/** Sends once and shows the answer as it is; what was acknowledged goes to the ledger. */
export class DirectSender {
  readonly #options: DirectSenderOptions;

  constructor(options: DirectSenderOptions) {
    this.#options = options;
  }

  async send(notification: Notification, intent: Intent = 'original'): Promise<HttpAnswer> {
    const { target, signer, ledger, name } = this.#options;
    const { contentType, method, path, body } = notification;
    const headers = {
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...signatureHeaders(signer, intent, notification, Date.now()),
    };
    const answer = await request(target() + path, { method, headers, body });
    const eventId = answer.headers['portcullis-event-id'];
    ledger.add({
      sender: name,
      intent,
      notificationId: notification.id,
      kind: notification.kind,
      lane: notification.lane,
      sequence: notification.sequence,
      foci: notification.foci,
      sha256: createHash('sha256').update(body).digest('hex'),
      bytes: body.length,
      status: answer.status,
      eventId: typeof eventId === 'string' ? eventId : undefined,
      duplicate: answer.headers['portcullis-duplicate'] === 'true',
      attempts: 1,
      end: 'answered',
      latencyMs: 0,
      startedAt: 0,
      problem: undefined,
    });
    return answer;
  }
}
