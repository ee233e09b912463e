import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createCorePlatformClient, toCoreFault } from '../../../src/clients/core-platform.ts';
import { CoreFault, type CoreFaultCode } from '../../../src/forwarding/core-fault.ts';
import { type Answer, answerWith, startCoreServer } from '../forwarding/support/core-server.ts';
import { until } from '../forwarding/support/until.ts';

const REQUEST = { headers: { 'content-type': 'text/plain', 'ce-id': 'x' }, body: Buffer.from('body') };

async function clientFor(t: TestContext, answer: Answer, timeoutMs = 5_000, connections = 2) {
  const core = await startCoreServer(answer);
  const client = createCorePlatformClient({ url: `${core.url}?a=b`, timeoutMs, connections });
  t.after(async () => {
    client.abort();
    await core.close();
  });
  return { core, client };
}

/** A server that writes raw bytes upon the first data of each connection. */
async function rawServer(t: TestContext, respond: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => respond(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function rejectsWith(work: Promise<unknown>, code: CoreFaultCode): Promise<void> {
  return assert.rejects(work, (error) => {
    assert.ok(error instanceof CoreFault);
    assert.equal(error.code, code);
    return true;
  });
}

test('it posts body and headers to path and query, and returns status and Retry-After', async (t) => {
  const { core, client } = await clientFor(t, answerWith(503, { 'retry-after': '7' }));
  assert.deepEqual(await client.post(REQUEST), { status: 503, retryAfter: '7' });
  const [post] = core.received;
  assert.equal(post?.url, '/events?a=b');
  assert.equal(post?.body.toString(), 'body');
  assert.equal(post?.headers['content-length'], '4');
  assert.equal(post?.headers['transfer-encoding'], undefined);
});

test('connections are kept and bounded', async (t) => {
  const { core, client } = await clientFor(t, (_post, response) => {
    response.end('{"some":"answer"}');
  });
  for (let round = 0; round < 20; round += 1) await Promise.all([1, 2, 3].map(() => client.post(REQUEST)));
  assert.equal(core.received.length, 60);
  assert.ok(core.connections.count <= 2, `${core.connections.count}`);
  assert.ok(core.load.most <= 2);
});

test('a redirect is an answer and is not followed', async (t) => {
  const { core, client } = await clientFor(t, answerWith(307, { location: '/events' }));
  assert.deepEqual(await client.post(REQUEST), { status: 307, retryAfter: undefined });
  assert.equal(core.received.length, 1);
});

test('informational responses are skipped', async (t) => {
  const port = await rawServer(t, (socket) => {
    socket.write(
      'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    );
  });
  const client = createCorePlatformClient({
    url: `http://127.0.0.1:${port}/`,
    timeoutMs: 5_000,
    connections: 1,
  });
  t.after(() => client.abort());
  assert.deepEqual(await client.post(REQUEST), { status: 200, retryAfter: undefined });
});

test('proxies of the environment are ignored', async (t) => {
  const before = process.env.http_proxy;
  process.env.http_proxy = 'http://127.0.0.1:9';
  t.after(() => {
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  });
  const { client } = await clientFor(t, answerWith(200));
  assert.equal((await client.post(REQUEST)).status, 200);
});

test('an answer longer than is read still counts, and its connection is given up', async (t) => {
  const { core, client } = await clientFor(
    t,
    (_post, response) => {
      response.end(Buffer.alloc(1_000_000));
    },
    5_000,
    1,
  );
  assert.equal((await client.post(REQUEST)).status, 200);
  assert.equal((await client.post(REQUEST)).status, 200);
  assert.equal(core.connections.count, 2);
});

test('a refused connection', async (t) => {
  const { core, client } = await clientFor(t, answerWith(200));
  await core.close();
  await rejectsWith(client.post(REQUEST), 'connect-refused');
});

test('no headers in time', async (t) => {
  const { client } = await clientFor(t, () => {}, 50);
  await rejectsWith(client.post(REQUEST), 'headers-timeout');
});

test('a body that stalls', async (t) => {
  const { client } = await clientFor(t, (_post, response) => void response.write('x'), 50);
  await rejectsWith(client.post(REQUEST), 'body-timeout');
});

test('a body that trickles for ever', async (t) => {
  const { client } = await clientFor(
    t,
    (_post, response) => {
      const trickle = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(trickle));
    },
    50,
  );
  await rejectsWith(client.post(REQUEST), 'body-timeout');
});

test('a connection dropped before and within the answer', async (t) => {
  const { client } = await clientFor(t, (_post, _response, request) => request.socket.destroy());
  await rejectsWith(client.post(REQUEST), 'socket-closed');
  const port = await rawServer(t, (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
  const other = createCorePlatformClient({
    url: `http://127.0.0.1:${port}/`,
    timeoutMs: 5_000,
    connections: 1,
  });
  t.after(() => other.abort());
  await rejectsWith(other.post(REQUEST), 'socket-closed');
});

test('an answer that is not HTTP, and one whose headers are too large', async (t) => {
  const answers = ['SSH-2.0-OpenSSH\r\n', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`];
  const port = await rawServer(t, (socket) => socket.write(answers.shift() ?? ''));
  const client = createCorePlatformClient({
    url: `http://127.0.0.1:${port}/`,
    timeoutMs: 5_000,
    connections: 1,
  });
  t.after(() => client.abort());
  await rejectsWith(client.post(REQUEST), 'protocol-error');
  await rejectsWith(client.post(REQUEST), 'response-too-large');
});

test('TLS with a peer that does not speak it', async (t) => {
  const port = await rawServer(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const client = createCorePlatformClient({
    url: `https://127.0.0.1:${port}/`,
    timeoutMs: 5_000,
    connections: 1,
  });
  t.after(() => client.abort());
  await rejectsWith(client.post(REQUEST), 'tls');
});

test('a request that HTTP cannot carry, without its value in the error', async (t) => {
  const { client } = await clientFor(t, answerWith(200));
  await assert.rejects(client.post({ ...REQUEST, headers: { 'ce-subject': 'secret\r\n' } }), (error) => {
    assert.ok(error instanceof CoreFault && error.code === 'invalid-request');
    assert.doesNotMatch(`${error.message} ${error.stack} ${String(error.cause)}`, /secret/);
    return true;
  });
});

test('abort breaks off what is under way and refuses what comes after', async (t) => {
  const { core, client } = await clientFor(t, () => {}, 5_000, 1);
  const underWay = [client.post(REQUEST), client.post(REQUEST)];
  const outcomes = Promise.all(underWay.map((post) => rejectsWith(post, 'aborted')));
  await until('the first is under way', () => core.received.length === 1);
  client.abort();
  await outcomes;
  await rejectsWith(client.post(REQUEST), 'aborted');
  await client.close();
});

test('close waits for requests under way', async (t) => {
  const held: (() => void)[] = [];
  const { client } = await clientFor(t, (_post, response) => held.push(() => response.writeHead(204).end()));
  const post = client.post(REQUEST);
  await until('it is under way', () => held.length === 1);
  const closed = client.close();
  held[0]?.();
  assert.equal((await post).status, 204);
  await closed;
  await rejectsWith(client.post(REQUEST), 'aborted');
});

const NODE_ERRORS: readonly (readonly [CoreFaultCode, { code: string; syscall?: string }])[] = [
  ['connect-timeout', { code: 'UND_ERR_CONNECT_TIMEOUT' }],
  ['connect-timeout', { code: 'ETIMEDOUT', syscall: 'connect' }],
  ['connect-failed', { code: 'EHOSTUNREACH', syscall: 'connect' }],
  ['connect-failed', { code: 'ENETUNREACH', syscall: 'connect' }],
  ['connect-failed', { code: 'ECONNRESET', syscall: 'connect' }],
  ['dns', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }],
  ['dns', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }],
  ['tls', { code: 'CERT_HAS_EXPIRED' }],
  ['tls', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }],
  ['tls', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }],
  ['tls', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
  ['socket-closed', { code: 'ECONNRESET', syscall: 'read' }],
  ['socket-closed', { code: 'EPIPE', syscall: 'write' }],
  ['other', { code: 'EWHATEVER' }],
];

test('errors of Node are named by stable codes', () => {
  for (const [expected, parts] of NODE_ERRORS) {
    assert.equal(toCoreFault(Object.assign(new Error('x'), parts)).code, expected, parts.code);
  }
  const refused = () => Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' });
  const both = Object.assign(new AggregateError([refused(), refused()]), { code: 'ECONNREFUSED' });
  assert.equal(toCoreFault(both).code, 'connect-refused');
  for (const odd of [undefined, null, 'text', new Error('plain'), { code: 5 }]) {
    assert.equal(toCoreFault(odd).code, 'other');
  }
});
