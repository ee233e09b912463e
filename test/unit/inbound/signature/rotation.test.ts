import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SignatureVerdict } from '../../../../src/inbound/signature/types.ts';
import { verifySignature } from '../../../../src/inbound/signature/verify.ts';
import {
  assertAccepted,
  assertRefused,
  key,
  preset,
  request,
  STANDARD,
  STANDARD_NOW,
  standardRequest,
} from './fixtures.ts';

const OTHER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

interface Window {
  readonly notBefore?: number;
  readonly notAfter?: number;
}

function judge(window: Window, now = STANDARD_NOW, first: Window = {}): SignatureVerdict {
  const scheme = 'standard-webhooks';
  const settings = preset(
    scheme,
    key({ scheme, id: 'other', text: OTHER, ...first }),
    key({ scheme, id: 'ours', text: STANDARD.secret, ...window }),
  );
  return verifySignature(standardRequest(), settings, now);
}

describe('windows of keys', () => {
  test('any of several keys may match, and the verdict names it', () => {
    assertAccepted(judge({}), { keyId: 'ours' });
  });

  test('a window holds its beginning but not its end', () => {
    assertAccepted(judge({ notBefore: STANDARD_NOW }));
    assertAccepted(judge({ notAfter: STANDARD_NOW + 1 }));
    assertRefused(judge({ notBefore: STANDARD_NOW + 1 }), 'key-not-valid-at-signed-time');
    assertRefused(judge({ notAfter: STANDARD_NOW }), 'key-not-valid-at-signed-time');
  });

  test('the signed time chooses, not the time of receipt', () => {
    const late = STANDARD_NOW + 120_000;
    assertAccepted(judge({ notAfter: STANDARD_NOW + 60_000 }, late), { keyId: 'ours' });
    assertRefused(judge({ notBefore: STANDARD_NOW + 60_000 }, late), 'key-not-valid-at-signed-time');
  });

  test('a forgery is a mismatch, whether a retired key is configured or not', () => {
    const scheme = 'standard-webhooks';
    const settings = preset(scheme, key({ scheme, text: OTHER, notAfter: 1 }));
    assertRefused(verifySignature(standardRequest(), settings, STANDARD_NOW), 'signature-mismatch');
  });

  test('a key retired before does not stand in the way of the new one', () => {
    assertAccepted(judge({}, STANDARD_NOW, { notAfter: 1 }), { keyId: 'ours' });
  });

  test('one secret under two ids: the valid one is named', () => {
    const scheme = 'standard-webhooks';
    const settings = preset(
      scheme,
      key({ scheme, id: 'old', text: STANDARD.secret, notAfter: 1 }),
      key({ scheme, id: 'new', text: STANDARD.secret }),
    );
    assertAccepted(verifySignature(standardRequest(), settings, STANDARD_NOW), { keyId: 'new' });
  });
});

test('where no time is signed, the time of receipt chooses', () => {
  const body = '{"foo":"bar"}';
  const hex = '4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3';
  const settings = preset('github', key({ scheme: 'github', text: 'mysecret', notBefore: 10, notAfter: 20 }));
  const at = (now: number) =>
    verifySignature(request([['x-hub-signature-256', `sha256=${hex}`]], body), settings, now);
  assertRefused(at(9), 'key-not-valid-at-signed-time');
  assertAccepted(at(10));
  assert.ok(at(19).ok);
  assertRefused(at(20), 'key-not-valid-at-signed-time');
});
