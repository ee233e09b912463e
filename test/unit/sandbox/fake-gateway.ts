import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answer to one request; `reset` cuts the connection without one. */
export type FakeAnswer =
  | { readonly status: number; readonly headers?: Record<string, string> }
  | 'reset'
  | 'silent';

/** A server that keeps what it is sent and answers as told. */
export async function startFakeGateway(answer: (request: SeenRequest, index: number) => FakeAnswer) {
  const seen: SeenRequest[] = [];
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const one = { method, path: url, headers, body: Buffer.concat(chunks) };
    const told = answer(one, seen.push(one) - 1);
    if (told === 'reset') request.socket.resetAndDestroy();
    else if (told !== 'silent') response.writeHead(told.status, told.headers).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    seen,
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/mercy/ehr`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const accepted = (eventId: string): FakeAnswer => ({
  status: 200,
  headers: { 'portcullis-event-id': eventId },
});

export const repeated = (eventId: string): FakeAnswer => ({
  status: 200,
  headers: { 'portcullis-event-id': eventId, 'portcullis-duplicate': 'true' },
});
