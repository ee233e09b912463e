import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertNotStored, assertRefused, assertUnharmed, notification } from './expectations.ts';
import { ask, head, headerLines, RawClient, signedPost } from './raw-client.ts';
import { startTarget, type Target } from './support.ts';

describe('hostile framing', () => {
  let target: Target;
  before(async () => {
    target = await startTarget({ limits: { bodyGraceMs: 50, minBodyBytesPerSecond: 1_000_000 } });
  });
  afterEach(() => assertUnharmed(target));
  after(() => target.stop());

  /** Sends an authentic body under header lines that spoil it, and expects the connection to be closed after a refusal. */
  async function refusedAndClosed(lines: readonly string[], wire: Buffer, status: number): Promise<void> {
    const body = notification();
    const client = await RawClient.open(target.port);
    client.send(head('POST', target.path, [...lines, ...headerLines(target.sign(body))]));
    client.send(wire.length === 0 ? body : wire);
    assertRefused(await client.answer(), status);
    assert.equal(await client.closed(), '', 'nothing else is answered');
    await assertNotStored(target, body);
  }
  const BODY = Buffer.alloc(0);
  const HOST = 'host: gateway.test';
  const length = (bytes: number) => `content-length: ${bytes}`;
  const size = notification().length;

  it('refuses Content-Length together with Transfer-Encoding', () =>
    refusedAndClosed([HOST, length(size), 'transfer-encoding: chunked'], Buffer.from('0\r\n\r\n'), 400));

  it('refuses two Content-Length lines, different or equal', async () => {
    await refusedAndClosed([HOST, length(size), length(size + 1)], BODY, 400);
    await refusedAndClosed([HOST, length(size), length(size)], BODY, 400);
  });

  it('refuses Content-Length that is a list, signed, hexadecimal, negative or absurdly large', async () => {
    for (const value of [`${size}, ${size}`, `+${size}`, '0x10', '-1', '99999999999999999999999999', '']) {
      await refusedAndClosed([HOST, `content-length: ${value}`], BODY, 400);
    }
  });

  it('refuses two Host lines and none', async () => {
    await refusedAndClosed([HOST, 'host: other.test', length(size)], BODY, 400);
    await refusedAndClosed([length(size)], BODY, 400);
  });

  it('refuses every transfer coding but chunked', async () => {
    for (const coding of ['gzip, chunked', 'chunked, chunked', 'identity', 'xchunked', 'chunked;q=1']) {
      await refusedAndClosed([HOST, `transfer-encoding: ${coding}`], Buffer.from('0\r\n\r\n'), 400);
    }
    const twice = ['transfer-encoding: chunked', 'transfer-encoding: chunked'];
    await refusedAndClosed([HOST, ...twice], Buffer.from('0\r\n\r\n'), 400);
  });

  it('refuses chunk sizes that are not hexadecimal or overflow', async () => {
    for (const chunk of [
      'zz\r\nabc\r\n0\r\n\r\n',
      '-1\r\nabc\r\n',
      'fffffffffffffffff\r\nabc\r\n',
      '3\r\nabcd\r\n0\r\n\r\n',
    ]) {
      await refusedAndClosed([HOST, 'transfer-encoding: chunked'], Buffer.from(chunk), 400);
    }
  });

  it('does not take the bytes after a too short Content-Length into the body', async () => {
    const body = notification();
    const client = await RawClient.open(target.port);
    const lines = [HOST, length(body.length - 5), ...headerLines(target.sign(body))];
    client.send(Buffer.concat([Buffer.from(head('POST', target.path, lines)), body]));
    assertRefused(await client.answer(), 401);
    assertRefused(await client.answer(), 400);
    assert.equal(await client.closed(), '');
    await assertNotStored(target, body);
  });

  it('gives up on a body that a too long Content-Length promises', async () => {
    const body = notification();
    const client = await RawClient.open(target.port);
    const lines = [HOST, length(body.length + 5), ...headerLines(target.sign(body))];
    client.send(Buffer.concat([Buffer.from(head('POST', target.path, lines)), body]));
    assertRefused(await client.answer(), 408);
    assert.equal(await client.closed(), '');
    await assertNotStored(target, body);
  });

  it('answers a client that ends its half before the promised length is reached', async () => {
    const body = notification();
    const client = await RawClient.open(target.port);
    const lines = [HOST, length(body.length + 5), ...headerLines(target.sign(body))];
    client.send(Buffer.concat([Buffer.from(head('POST', target.path, lines)), body]));
    client.halfClose();
    assertRefused(await client.answer(), 400);
    assert.equal(await client.closed(), '');
    await assertNotStored(target, body);
  });

  it('refuses 90 header lines or more, however many the parser would keep', async () => {
    const lines = (count: number) => Array.from({ length: count }, (_, at) => `x-filler-${at}: ${at}`);
    const body = notification();
    const taken = await ask(target, signedPost(target, body, lines(85)));
    assert.equal(taken.status, 200, '89 lines in all are taken');
    for (const count of [86, 87, 96, 97, 500]) {
      const refused = notification();
      assertRefused(await ask(target, signedPost(target, refused, lines(count))), 431);
      await assertNotStored(target, refused);
    }
  });

  it('sees a Content-Length hidden behind more headers than the parser keeps', async () => {
    const lines = Array.from({ length: 150 }, (_, at) => `x-filler-${at}: ${at}`);
    await refusedAndClosed([HOST, ...lines, length(size)], BODY, 431);
  });

  it('refuses a header section over 16 KiB, in one line or in many', async () => {
    await refusedAndClosed([HOST, `x-filler: ${'a'.repeat(20_000)}`, length(size)], BODY, 431);
    const many = Array.from({ length: 80 }, (_, at) => `x-filler-${at}: ${'a'.repeat(300)}`);
    await refusedAndClosed([HOST, ...many, length(size)], BODY, 431);
    await refusedAndClosed([HOST, `${'a'.repeat(20_000)}: x`, length(size)], BODY, 431);
  });

  it('refuses a request target over 16 KiB', async () => {
    assertRefused(await ask(target, head('POST', `/${'a'.repeat(20_000)}`, [HOST])), 431);
  });

  it('refuses obs-fold, NUL, bare CR and white space around header names', async () => {
    const spoilt = [
      'x-a: b\r\n folded',
      'x-a: b\0c',
      'x-a: b\rc',
      'x-a : b',
      ' x-a: b',
      'x a: b',
      ': b',
      'no-colon',
    ];
    for (const line of spoilt) await refusedAndClosed([HOST, line, length(size)], BODY, 400);
  });

  it('answers requests in order and refuses the garbage pipelined behind them', async () => {
    const [first, second] = [notification(), notification()];
    const client = await RawClient.open(target.port);
    const garbage = Buffer.from('\x16\x03\x01\x02\x00\x01\x00 not HTTP at all\r\n\r\n', 'latin1');
    client.send(Buffer.concat([signedPost(target, first), signedPost(target, second), garbage]));
    assert.equal((await client.answer()).status, 200);
    assert.equal((await client.answer()).status, 200);
    assertRefused(await client.answer(), 400);
    assert.equal(await client.closed(), '');
  });

  it('refuses what is not HTTP/1.1: TLS, HTTP/2, unknown methods and versions', async () => {
    const openings = [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'FROB / HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET / HTTP/9.9\r\nhost: x\r\n\r\n',
      'GET /\r\n\r\n',
    ];
    for (const opening of openings) assertRefused(await ask(target, opening), 400);
  });

  it('refuses CONNECT and never switches protocols', async () => {
    assertRefused(await ask(target, head('CONNECT', 'victim.test:443', ['host: victim.test:443'])), 405);
    const h2c = [
      'connection: upgrade, http2-settings',
      'upgrade: h2c',
      'http2-settings: AAMAAABkAARAAAAAAAIAAAAA',
    ];
    const answer = await ask(target, signedPost(target, notification(), h2c));
    assert.equal(answer.status, 200, 'an upgrade that is offered may be ignored');
    assertRefused(await ask(target, signedPost(target, notification(), ['expect: a-miracle'])), 417);
  });

  it('says 100 Continue only where the body would be taken', async () => {
    const body = notification();
    const client = await RawClient.open(target.port);
    const lines = [HOST, length(body.length), 'expect: 100-continue', ...headerLines(target.sign(body))];
    client.send(head('POST', target.path, lines));
    assert.equal((await client.answer()).status, 100);
    client.send(body);
    assert.equal((await client.answer()).status, 200);
    await client.vanish();
    const tooLong = [HOST, length(target.maxBodyBytes + 1), 'expect: 100-continue'];
    assertRefused(await ask(target, head('POST', target.path, tooLong)), 413);
  });
});
