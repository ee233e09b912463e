import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sign as signGitHub, verify as verifyGitHub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { signRequest } from '../../../../src/inbound/signature/sign.ts';
import { verifySignature } from '../../../../src/inbound/signature/verify.ts';
import { assertAccepted, key, preset, request, STANDARD, STANDARD_NOW, standardRequest } from './fixtures.ts';

/** The official client libraries sign and we verify; we sign and they verify. */

const BODIES = [
  '{"resourceType":"Bundle","entry":[]}',
  '{"name":"Andr\u00e9 \u{1F600}"}',
  '{ }\n',
  'x'.repeat(200_000),
];
const STRIPE_SECRET = 'whsec_5c1nRuTlHJ4aLt3dF0rT3sts';

describe('standardwebhooks', () => {
  const settings = preset('standard-webhooks', key({ scheme: 'standard-webhooks', text: STANDARD.secret }));
  const webhook = new Webhook(STANDARD.secret);

  test('its signatures are accepted', () => {
    for (const body of BODIES) {
      const signature = webhook.sign(STANDARD.id, new Date(STANDARD_NOW), body);
      assertAccepted(verifySignature(standardRequest({ signature }, body), settings, STANDARD_NOW));
    }
  });

  test('it accepts our signatures', () => {
    const now = Date.now();
    for (const body of BODIES) {
      const headers = signRequest({
        settings,
        method: 'POST',
        target: '/',
        body: Buffer.from(body),
        now,
        id: 'msg_1',
      });
      webhook.verify(body, headers, { jsonParse: false });
    }
  });
});

describe('stripe', () => {
  const settings = preset('stripe', key({ scheme: 'stripe', text: STRIPE_SECRET }));
  const { webhooks } = new Stripe('sk_test_not_a_key');

  test('its signatures are accepted', () => {
    for (const payload of BODIES) {
      const header = webhooks.generateTestHeaderString({
        payload,
        secret: STRIPE_SECRET,
        timestamp: 1_700_000_000,
      });
      assertAccepted(
        verifySignature(request([['Stripe-Signature', header]], payload), settings, 1_700_000_000_000),
      );
    }
  });

  test('it accepts our signatures', () => {
    const body = '{"id":"evt_1","object":"event"}';
    const headers = signRequest({
      settings,
      method: 'POST',
      target: '/',
      body: Buffer.from(body),
      now: Date.now(),
      id: '',
    });
    assert.equal(webhooks.constructEvent(body, headers['stripe-signature'] ?? '', STRIPE_SECRET).id, 'evt_1');
  });
});

describe('octokit', () => {
  const secret = 'octokit-interop-secret';
  const settings = preset('github', key({ scheme: 'github', text: secret }));

  test('its signatures are accepted', async () => {
    for (const body of BODIES) {
      const header = await signGitHub(secret, body);
      assertAccepted(verifySignature(request([['X-Hub-Signature-256', header]], body), settings, 0));
    }
  });

  test('it accepts our signatures', async () => {
    for (const body of BODIES) {
      const headers = signRequest({
        settings,
        method: 'POST',
        target: '/',
        body: Buffer.from(body),
        now: 0,
        id: '',
      });
      assert.ok(await verifyGitHub(secret, body, headers['x-hub-signature-256'] ?? ''));
    }
  });
});
