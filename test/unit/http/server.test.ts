import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { InboundOutcome } from '../../../src/inbound/outcome.ts';
import { head, RawClient } from '../../hostile/raw-client.ts';
import { startEdge } from './edge.ts';

const POST = head('POST', '/webhooks/mercy/ehr', ['host: gateway.test', 'content-length: 2']);

/** An inbound flow whose answer the test gives, and that tells when it was asked. */
function gate() {
  const asked = Promise.withResolvers<void>();
  const outcome = Promise.withResolvers<InboundOutcome>();
  const receive = () => {
    asked.resolve();
    return outcome.promise;
  };
  return { receive, asked: asked.promise, open: () => outcome.resolve({ kind: 'unauthenticated' }) };
}

describe('closing', () => {
  it('lets what is in flight finish, and says that the connection ends', async (test) => {
    const { receive, asked, open } = gate();
    const edge = await startEdge(test, { receive });
    const client = await RawClient.open(edge.port);
    client.send(`${POST}{}`);
    await asked;
    const closed = edge.server.close(60_000);
    open();
    const answer = await client.answer();
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('connection'), 'close');
    await client.closed();
    await closed;
  });

  it('takes no new connection, closes idle ones and those that never spoke', async (test) => {
    const edge = await startEdge(test);
    const [idle, silent] = [await RawClient.open(edge.port), await RawClient.open(edge.port)];
    idle.send(`${POST}{}`);
    await idle.answer();
    await edge.server.close(60_000);
    await Promise.all([idle.closed(), silent.closed()]);
    await assert.rejects(RawClient.open(edge.port), { code: 'ECONNREFUSED' });
  });

  it('answers 503 to what arrives meanwhile on a connection that is still open', async (test) => {
    const edge = await startEdge(test);
    const client = await RawClient.open(edge.port);
    const half = POST.length - 10;
    client.send(`${POST}{}${POST.slice(0, half)}`);
    await client.answer();
    const closed = edge.server.close(60_000);
    client.send(`${POST.slice(half)}{}`);
    const answer = await client.answer();
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '5');
    assert.equal(answer.headers.get('connection'), 'close');
    await closed;
  });

  it('reports live but not ready meanwhile', async (test) => {
    const { receive, asked, open } = gate();
    const edge = await startEdge(test, { receive });
    const [waiting, probe] = [await RawClient.open(edge.port), await RawClient.open(edge.port)];
    waiting.send(`${POST}{}`);
    await asked;
    const ready = head('GET', '/health/ready', ['host: gateway.test']);
    probe.send(ready);
    assert.equal((await probe.answer()).status, 200);
    probe.send(ready.slice(0, 20));
    await waitForBytes(edge.url);
    const closed = edge.server.close(60_000);
    probe.send(ready.slice(20));
    const answer = await probe.answer();
    assert.equal(answer.status, 503);
    assert.deepEqual(JSON.parse(answer.body).reasons, ['shutting-down']);
    assert.equal(answer.headers.get('connection'), 'close');
    open();
    await closed;
  });

  it('cuts what is left when the deadline passes', async (test) => {
    const { receive, asked, open } = gate();
    const edge = await startEdge(test, { receive });
    const client = await RawClient.open(edge.port);
    client.send(`${POST}{}`);
    await asked;
    await edge.server.close(20);
    await client.closed();
    const line = await edge.nextLine();
    assert.equal(line.fields.status, undefined);
    open();
  });
});

/** A round trip on another connection: bytes sent before it have been read by the server when it ends. */
async function waitForBytes(url: string): Promise<void> {
  await (await fetch(`${url}/health/live`)).arrayBuffer();
}

describe('a unix socket', () => {
  async function directory(test: TestContext): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'portcullis-'));
    test.after(() => rm(path, { recursive: true }));
    return path;
  }

  async function askLive(socketPath: string): Promise<number | undefined> {
    const request = httpRequest({ socketPath, path: '/health/live' }).end();
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  }

  it('is open to owner and group only, and is gone afterwards', async (test) => {
    const socket = join(await directory(test), 'app.sock');
    const edge = await startEdge(test, { listen: { socket } });
    assert.equal((await stat(socket)).mode & 0o777, 0o660);
    assert.equal(await askLive(socket), 200);
    await edge.server.close(1_000);
    await assert.rejects(stat(socket), { code: 'ENOENT' });
  });

  it('takes the place of one that a dead process left behind', async (test) => {
    const socket = join(await directory(test), 'app.sock');
    await leaveStale(socket);
    await startEdge(test, { listen: { socket } });
    assert.equal(await askLive(socket), 200);
  });

  it('does not displace a living server or another kind of file', async (test) => {
    const path = await directory(test);
    const socket = join(path, 'app.sock');
    await startEdge(test, { listen: { socket } });
    await assert.rejects(startEdge(test, { listen: { socket } }), { code: 'http-socket-in-use' });
    const file = join(path, 'file');
    await writeFile(file, 'precious');
    await assert.rejects(startEdge(test, { listen: { socket: file } }), {
      code: 'http-socket-path-occupied',
    });
  });

  /** A socket file whose process is gone: a child listens and is killed. */
  async function leaveStale(path: string): Promise<void> {
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok((await stat(path)).isSocket());
  }
});

describe('listening', () => {
  it('rejects with the code of the system when the port is taken', async (test) => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    test.after(() => occupant.close());
    const address = occupant.address();
    assert.ok(address !== null && typeof address === 'object');
    const listen = { host: '127.0.0.1', port: address.port };
    await assert.rejects(startEdge(test, { listen }), { code: 'EADDRINUSE' });
  });
});

describe('a client that goes away', () => {
  it('in the middle of its body is logged as such, without a status', async (test) => {
    const edge = await startEdge(test);
    const socket = connect(edge.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`${POST}{`);
    await waitForBytes(edge.url);
    await edge.nextLine();
    socket.resetAndDestroy();
    const { fields } = await edge.nextLine();
    assert.deepEqual([fields.outcome, fields.status], ['connection-lost', undefined]);
  });
});
