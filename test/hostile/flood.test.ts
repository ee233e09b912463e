import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { assertUnharmed, notification } from './expectations.ts';
import { RawClient, signedPost } from './raw-client.ts';
import { startTarget } from './support.ts';

const CONNECTIONS = 10_000;
/** Descriptors that each of the two processes has open besides the connections. */
const SPARE_DESCRIPTORS = 500;

function requireDescriptors(): void {
  const text = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  const limit = text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
  assert.ok(
    limit >= CONNECTIONS + SPARE_DESCRIPTORS,
    `this test needs ${CONNECTIONS + SPARE_DESCRIPTORS} file descriptors per process, the limit is ${text}: raise it with ulimit -n`,
  );
}

describe('ten thousand parallel connections', () => {
  it('are all held and answered, while others are served', async () => {
    requireDescriptors();
    const target = await startTarget({ limits: { headersTimeoutMs: 120_000, requestTimeoutMs: 120_000 } });
    const request = signedPost(target, notification()).toString('base64');
    const script = new URL('flood-client.ts', import.meta.url);
    const flood = fork(script, [String(target.port), String(CONNECTIONS), request]);
    try {
      const [opened] = await once(flood, 'message');
      assert.equal(opened, 'open');
      await assertUnharmed(target);
      flood.send('ask');
      const [result] = await once(flood, 'message');
      assert.deepEqual(result, { answered: { 200: CONNECTIONS } });
      await assertUnharmed(target);
    } finally {
      flood.kill();
      await target.stop();
    }
  });
});

describe('connections over the limit', () => {
  it('are dropped and counted; the ones within it are served', async () => {
    const target = await startTarget({ limits: { maxConnections: 3 } });
    try {
      const held = await Promise.all(Array.from({ length: 3 }, () => RawClient.open(target.port)));
      for (const client of held) {
        client.send(signedPost(target, notification()));
        assert.equal((await client.answer()).status, 200);
      }
      const extra = await RawClient.open(target.port);
      assert.equal(await extra.closed(), '', 'a fourth connection gets nothing');
      assert.match(await target.metrics(), /^portcullis_http_connections_dropped_total 1$/m);
      await held[0]?.vanish();
      held[1]?.send(signedPost(target, notification()));
      assert.equal((await held[1]?.answer())?.status, 200);
    } finally {
      await target.stop();
    }
  });
});
