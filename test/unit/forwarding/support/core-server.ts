import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedPost {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
  readonly url: string;
  readonly body: Buffer;
}

export type Answer = (post: ReceivedPost, response: ServerResponse, request: IncomingMessage) => void;

export interface CoreServer {
  readonly url: string;
  readonly received: ReceivedPost[];
  /** Requests being answered now, and the most there ever were. */
  readonly load: { now: number; most: number };
  /** Connections accepted so far. */
  readonly connections: { count: number };
  answer: Answer;
  close(): Promise<void>;
}

export const accept: Answer = (_post, response) => {
  response.writeHead(204).end();
};

export function answerWith(status: number, headers: Record<string, string> = {}): Answer {
  return (_post, response) => {
    response.writeHead(status, headers).end();
  };
}

/** A core platform on a free port of 127.0.0.1 that keeps what it gets. */
export async function startCoreServer(answer: Answer = accept): Promise<CoreServer> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void handle(request, response));
  server.on('connection', (socket) => {
    core.connections.count += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    core.load.now += 1;
    core.load.most = Math.max(core.load.most, core.load.now);
    response.on('close', () => {
      core.load.now -= 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { headers, rawHeaders, url = '' } = request;
    const post = { headers, rawHeaders, url, body: Buffer.concat(chunks) };
    core.received.push(post);
    core.answer(post, response, request);
  }

  const core: CoreServer = {
    url: `http://127.0.0.1:${port}/events`,
    received: [],
    load: { now: 0, most: 0 },
    connections: { count: 0 },
    answer,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return core;
}
