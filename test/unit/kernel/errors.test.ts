import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode, errorMessage, GatewayError, journalUnavailable } from '../../../src/kernel/errors.ts';

test('an error says what is to be done about it', () => {
  const cause = new Error('disk');
  const error = journalUnavailable('journal-failed', 2, cause);
  assert.ok(error instanceof GatewayError);
  const { code, disposition, retryAfterSeconds } = error;
  assert.deepEqual(
    { code, disposition, retryAfterSeconds },
    {
      code: 'journal-failed',
      disposition: 'retry',
      retryAfterSeconds: 2,
    },
  );
  assert.equal(error.cause, cause);
  assert.ok(!('cause' in new GatewayError('x', 'park', 'x')));
});

test('a code for the log is ours, the system’s or the class, never the text', () => {
  assert.equal(errorCode(new GatewayError('seal-altered', 'park', 'text')), 'seal-altered');
  assert.equal(errorCode(Object.assign(new Error('text'), { code: 'ENOSPC' })), 'ENOSPC');
  assert.equal(errorCode(Object.assign(new Error('text'), { code: 5 })), 'Error');
  assert.equal(errorCode(new TypeError('text')), 'TypeError');
  assert.equal(errorCode('text'), 'unknown');
  assert.equal(errorMessage(new Error('text')), 'text');
  assert.equal(errorMessage(7), '7');
});
