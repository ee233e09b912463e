import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { assertNotStored, assertRefused, assertUnharmed, notification } from './expectations.ts';
import { ask, head, headerLines, RawClient, signedPost } from './raw-client.ts';
import { digest, startTarget, type Target } from './support.ts';

const HOST = 'host: gateway.test';

describe('hostile bodies', () => {
  let target: Target;
  before(async () => {
    target = await startTarget();
  });
  afterEach(() => assertUnharmed(target));
  after(() => target.stop());

  const chunked = (body: Buffer) => [HOST, 'transfer-encoding: chunked', ...headerLines(target.sign(body))];
  const chunk = (bytes: Buffer) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

  it('refuses a body over the limit by its Content-Length, before any of it is sent', async () => {
    const client = await RawClient.open(target.port);
    client.send(head('POST', target.path, [HOST, `content-length: ${target.maxBodyBytes + 1}`]));
    const answer = await client.answer();
    assertRefused(answer, 413);
    assert.equal(answer.headers.get('connection'), 'close');
    await client.closed();
  });

  it('takes a body of exactly the limit, by length and in chunks', async () => {
    const body = Buffer.alloc(target.maxBodyBytes, 0x20);
    assert.equal((await ask(target, signedPost(target, body))).status, 200);
    body[0] = 0x0a;
    const client = await RawClient.open(target.port);
    client.send(head('POST', target.path, chunked(body)));
    for (let at = 0; at < body.length; at += 65_536) client.send(chunk(body.subarray(at, at + 65_536)));
    client.send('0\r\n\r\n');
    assert.equal((await client.answer()).status, 200);
    assert.ok((await target.storedDigests()).includes(digest(body)), 'the bytes are exact');
    await client.vanish();
  });

  it('refuses a body over the limit as its chunks exceed it, and does not read on for ever', async () => {
    const body = Buffer.alloc(target.maxBodyBytes + 1, 0x20);
    const client = await RawClient.open(target.port);
    client.send(head('POST', target.path, chunked(body)));
    const block = chunk(Buffer.alloc(65_536, 0x20));
    const answer = client.answer();
    let sent = 0;
    while (!client.isClosed) {
      await client.sent(block);
      sent += block.length;
    }
    assertRefused(await answer, 413);
    assert.ok(sent < 64 * target.maxBodyBytes, 'the connection was closed on a client that never stops');
    await assertNotStored(target, body);
  });

  it('puts a body together from one-byte chunks', async () => {
    const body = notification();
    const client = await RawClient.open(target.port);
    const pieces = Array.from(body, (byte) => chunk(Buffer.from([byte])));
    client.send(Buffer.concat([Buffer.from(head('POST', target.path, chunked(body))), ...pieces]));
    client.send('0\r\n\r\n');
    assert.equal((await client.answer()).status, 200);
    assert.ok((await target.storedDigests()).includes(digest(body)));
    await client.vanish();
  });

  it('refuses content codings before it looks at anything else', async () => {
    const plain = notification();
    const codings: readonly (readonly [string, Buffer])[] = [
      ['gzip', gzipSync(plain)],
      ['deflate', deflateSync(plain)],
      ['br', plain],
      ['x-unknown', plain],
      ['identity, gzip', plain],
      ['gzip, gzip, gzip, gzip', gzipSync(Buffer.alloc(1_000_000))],
    ];
    for (const [coding, body] of codings) {
      const answer = await ask(target, signedPost(target, body, [`content-encoding: ${coding}`]));
      assertRefused(answer, 415);
      assert.equal(answer.headers.get('accept-encoding'), 'identity');
      await assertNotStored(target, body);
    }
    const elsewhere = head('POST', '/webhooks/no-such/source', [
      HOST,
      'content-encoding: gzip',
      'content-length: 0',
    ]);
    assertRefused(await ask(target, elsewhere), 415);
    const answer = await ask(target, signedPost(target, notification(), ['content-encoding: identity']));
    assert.equal(answer.status, 200);
  });

  it('keeps nothing of a client that goes away in the middle of its body', async () => {
    for (const cut of [0, 1, 40]) {
      const body = notification();
      const bytes = signedPost(target, body);
      const client = await RawClient.open(target.port);
      await client.sent(bytes.subarray(0, bytes.length - body.length + cut));
      await client.vanish();
      await assertUnharmed(target);
      await assertNotStored(target, body);
    }
  });

  it('survives deep nesting, prototype names, long strings and bytes that are no text', async () => {
    const bodies = [
      Buffer.from(`${'['.repeat(50_000)}${']'.repeat(50_000)}`),
      Buffer.from(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`),
      Buffer.from('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
      Buffer.from(JSON.stringify({ resourceType: 'Bundle', note: 'x'.repeat(1_000_000) })),
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), notification()]),
      Buffer.from('{"name":"Müller"}', 'latin1'),
      Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x00]),
      Buffer.from('not JSON'),
      Buffer.from('{"unfinished":'),
      Buffer.from(`{"n":${'9'.repeat(100_000)}}`),
    ];
    for (const body of bodies) {
      const answer = await ask(target, signedPost(target, body));
      assert.ok(answer.status < 500, `answered ${answer.status}`);
      const forged = Buffer.concat([body, Buffer.from(' ')]);
      const lines = [HOST, `content-length: ${forged.length}`, ...headerLines(target.sign(body))];
      assertRefused(
        await ask(target, Buffer.concat([Buffer.from(head('POST', target.path, lines)), forged])),
        401,
      );
      await assertNotStored(target, forged);
    }
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('answers nonsense in the path with 4xx', async () => {
    const paths = ['/webhooks/%/ehr', '/webhooks/%zz/ehr', '/webhooks/mercy/%c0%af', '/webhooks/%ff%fe/%00'];
    const others = [
      '//',
      '/../../etc/passwd',
      '/webhooks',
      '/webhooks/',
      '/webhooks/a/b/c',
      '/webhooks/a/b/c/d/e',
      '/%',
    ];
    for (const path of [...paths, ...others, '*', 'http://other.test/webhooks/mercy/ehr']) {
      const answer = await ask(target, head('POST', path, [HOST, 'content-length: 0']));
      assert.ok(answer.status >= 400 && answer.status < 500, `${path} answered ${answer.status}`);
      assertRefused(answer, answer.status);
    }
  });

  it('survives header names and values that mean something to JavaScript', async () => {
    const names = [
      '__proto__: x',
      'constructor: x',
      'toString: x',
      'hasOwnProperty: x',
      `x-request-id: ${'a'.repeat(5_000)}`,
    ];
    const answer = await ask(target, signedPost(target, notification(), names));
    assert.equal(answer.status, 200);
    assert.match(
      answer.headers.get('x-request-id') ?? '',
      /^[0-9a-f-]{36}$/,
      'an id that is not well-formed is replaced',
    );
  });
});
