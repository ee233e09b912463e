import { createHmac, createSecretKey } from 'node:crypto';
import { verifyCustom } from './custom.ts';
import { verifyHttpMessage } from './http-message-signatures.ts';
import { verifyGitHub, verifyWebSub } from './hub.ts';
import { refused } from './match-keys.ts';
import { verifyMedplum } from './medplum.ts';
import { verifySlack } from './slack.ts';
import { verifyStandardWebhooks } from './standard-webhooks.ts';
import { verifyStripe } from './stripe.ts';
import type { SignatureSettings, SignatureVerdict, SignedRequest } from './types.ts';

/**
 * Whether a request was signed with a secret of its source, judged on the exact bytes received. Presence, shape and
 * time window are looked at before any digest is made. Never throws on account of what a request holds.
 *
 * @param now receipt time, epoch milliseconds
 * @returns the key that matched and what the scheme signed besides the body, or a named refusal that is for the audit
 *   log and the source's score, never for the caller
 */
export function verifySignature(
  request: SignedRequest,
  settings: SignatureSettings,
  now: number,
): SignatureVerdict {
  if (settings.keys.length === 0) {
    dummyVerify(request.body);
    return refused('signature-mismatch');
  }
  switch (settings.scheme) {
    case 'standard-webhooks':
      return verifyStandardWebhooks(request, settings, now);
    case 'websub':
      return verifyWebSub(request, settings, now);
    case 'github':
      return verifyGitHub(request, settings, now);
    case 'medplum':
      return verifyMedplum(request, settings, now);
    case 'stripe':
      return verifyStripe(request, settings, now);
    case 'slack':
      return verifySlack(request, settings, now);
    case 'http-message-signatures':
      return verifyHttpMessage(request, settings, now);
    case 'custom':
      return verifyCustom(request, settings, now);
  }
}

const NOBODYS_KEY = createSecretKey(Buffer.alloc(32));

/** Spends what verifying a body costs, so that an unknown source is not told apart by a quicker answer. */
export function dummyVerify(body: Buffer): void {
  createHmac('sha256', NOBODYS_KEY).update(body).digest();
}
