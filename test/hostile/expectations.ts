import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ask, type RawAnswer, signedPost } from './raw-client.ts';
import { digest, type Target } from './support.ts';

/** A new valid notification, different from every other. */
export function notification(): Buffer {
  return Buffer.from(JSON.stringify({ resourceType: 'Bundle', type: 'history', id: randomUUID() }));
}

/** The process answers a valid request, stores it, and has stored nothing that was not signed. */
export async function assertUnharmed(target: Target): Promise<void> {
  const body = notification();
  const answer = await ask(target, signedPost(target, body));
  assert.equal(answer.status, 200, 'a valid request is still answered');
  const stored = await target.storedDigests();
  assert.ok(stored.includes(digest(body)), 'a valid request is still stored');
  const signed = target.signedDigests();
  assert.deepEqual(
    stored.filter((one) => !signed.has(one)),
    [],
    'nothing unauthenticated was stored',
  );
}

export async function assertNotStored(target: Target, body: Buffer): Promise<void> {
  assert.ok(!(await target.storedDigests()).includes(digest(body)), 'the body must not be stored');
}

/** A refusal with a request id and a body of the form its route promises. */
export function assertRefused(answer: RawAnswer, status: number): void {
  assert.equal(answer.status, status);
  assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  const body: unknown = JSON.parse(answer.body);
  assert.ok(body !== null && typeof body === 'object');
  if ('resourceType' in body) {
    assert.equal(body.resourceType, 'OperationOutcome');
    assert.equal(answer.headers.get('content-type'), 'application/fhir+json');
  } else {
    assert.ok('status' in body);
    assert.equal(body.status, status);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  }
}
