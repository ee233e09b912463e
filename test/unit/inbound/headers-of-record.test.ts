import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headersOfRecord } from '../../../src/inbound/headers-of-record.ts';

describe('headers of record', () => {
  it('keeps what tells where an event came from, names in lower case', () => {
    const raw = [
      'Content-Type',
      'application/fhir+json',
      'Webhook-Id',
      'msg_1',
      'X-Medplum-Deleted-Resource',
      'Patient/1',
    ];
    assert.deepEqual(headersOfRecord(raw), {
      'content-type': 'application/fhir+json',
      'webhook-id': 'msg_1',
      'x-medplum-deleted-resource': 'Patient/1',
    });
  });

  it('keeps no credential, signature or certificate', () => {
    const names = [
      'Authorization',
      'Proxy-Authorization',
      'Cookie',
      'Webhook-Signature',
      'Svix-Signature',
      'X-Hub-Signature',
      'X-Hub-Signature-256',
      'X-Signature',
      'Stripe-Signature',
      'X-Slack-Signature',
      'Signature',
      'Signature-Input',
      'Verification-Token',
      'X-Api-Key',
      'X-Client-Cert',
      'X-SSL-Client-Cert',
      'X-Portcullis-Client-Certificate',
      '__proto__',
      'constructor',
    ];
    assert.deepEqual(headersOfRecord(names.flatMap((name) => [name, 'secret'])), {});
  });

  it('joins repeated lines', () => {
    assert.deepEqual(headersOfRecord(['Prefer', 'a', 'prefer', 'b']), { prefer: 'a, b' });
  });

  it('ignores a name without a value', () => assert.deepEqual(headersOfRecord(['Date']), {}));
});
