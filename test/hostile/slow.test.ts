import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertNotStored, assertRefused, assertUnharmed, notification } from './expectations.ts';
import { head, headerLines, RawClient } from './raw-client.ts';
import { startTarget, type Target } from './support.ts';

const HOST = 'host: gateway.test';

describe('slow clients', () => {
  let target: Target;
  before(async () => {
    target = await startTarget({
      limits: {
        headersTimeoutMs: 300,
        requestTimeoutMs: 2_000,
        bodyGraceMs: 100,
        minBodyBytesPerSecond: 1_000_000,
        maxBufferedBodyBytes: 2_000_000,
      },
    });
  });
  afterEach(() => assertUnharmed(target));
  after(() => target.stop());

  it('answers 408 to headers that do not end', async () => {
    const client = await RawClient.open(target.port);
    client.send(`POST ${target.path} HTTP/1.1\r\n${HOST}\r\nx-never: end`);
    assertRefused(await client.answer(), 408);
    assert.equal(await client.closed(), '');
  });

  it('closes a connection on which nothing is ever sent', async () => {
    const client = await RawClient.open(target.port);
    assertRefused(await client.answer(), 408);
    assert.equal(await client.closed(), '');
  });

  it('answers 408 to a body that arrives below the minimum rate, by length and in chunks', async () => {
    for (const framing of ['content-length: 100000', 'transfer-encoding: chunked']) {
      const body = notification();
      const client = await RawClient.open(target.port);
      client.send(head('POST', target.path, [HOST, framing, ...headerLines(target.sign(body))]));
      client.send(framing.startsWith('t') ? '1\r\n{\r\n' : '{');
      assertRefused(await client.answer(), 408);
      assert.equal(await client.closed(), '');
      await assertNotStored(target, body);
    }
  });

  it('bounds what incomplete bodies hold in memory, all connections together', async () => {
    const part = Buffer.alloc(900_000, 0x20);
    const clients = await Promise.all(Array.from({ length: 3 }, () => RawClient.open(target.port)));
    const answers = clients.map(async (client) => {
      client.send(head('POST', target.path, [HOST, 'content-length: 1000000']));
      client.send(part);
      return client.answer();
    });
    const statuses = (await Promise.all(answers)).map((answer) => answer.status);
    assert.ok(statuses.includes(503), `one of them is told to come back: ${statuses}`);
    await Promise.all(clients.map((client) => client.closed()));
  });
});

describe('a slow request as a whole', () => {
  it('is answered 408 when it exceeds the time for one request', async () => {
    const target = await startTarget({
      limits: { headersTimeoutMs: 100, requestTimeoutMs: 300, bodyGraceMs: 60_000 },
    });
    try {
      const body = notification();
      const client = await RawClient.open(target.port);
      client.send(
        head('POST', target.path, [HOST, 'content-length: 100000', ...headerLines(target.sign(body))]),
      );
      const answer = await client.answer();
      assertRefused(answer, 408);
      assert.equal(answer.headers.get('content-type'), 'application/fhir+json');
      assert.equal(await client.closed(), '');
      await assertUnharmed(target);
      await assertNotStored(target, body);
    } finally {
      await target.stop();
    }
  });
});
