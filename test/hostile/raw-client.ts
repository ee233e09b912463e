import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Headers, Target } from './support.ts';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A client that sends any bytes whatever and reads the answers one after another. */
export class RawClient {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    // A reset is one of the ways in which a server may end a hostile connection.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Resolves when the bytes were taken by the system, or the connection is gone, and others had their turn. */
  async sent(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.write(bytes, () => setImmediate(resolve));
    });
  }

  /** The next complete answer. @throws Error if the connection closes before there is one. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const parsed = parseAnswer(this.#received);
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.length);
        return parsed.answer;
      }
      if (this.#ended) throw new Error('the connection closed without a complete answer');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when the server has closed the connection; what came in and was not read as an answer is returned. */
  async closed(): Promise<string> {
    await this.#closed;
    return this.#received.toString('latin1');
  }

  get isClosed(): boolean {
    return this.#ended;
  }

  /** Sends FIN: no more bytes will follow. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Goes away with a reset. */
  async vanish(): Promise<void> {
    this.#socket.resetAndDestroy();
    await this.#closed;
  }
}

function parseAnswer(bytes: Buffer): { readonly answer: RawAnswer; readonly length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const length = headEnd + 4 + Number(headers.get('content-length') ?? 0);
  if (bytes.length < length) return undefined;
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  return { answer: { status, headers, body: bytes.subarray(headEnd + 4, length).toString() }, length };
}

/** The text of a request head. Each line of `lines` goes out as it is. */
export function head(method: string, path: string, lines: readonly string[]): string {
  return `${method} ${path} HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

export function headerLines(headers: Headers): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}

/** A complete, authentic webhook. */
export function signedPost(target: Target, body: Buffer, extra: readonly string[] = []): Buffer {
  const lines = [
    'host: gateway.test',
    'content-type: application/fhir+json',
    `content-length: ${body.length}`,
    ...headerLines(target.sign(body)),
    ...extra,
  ];
  return Buffer.concat([Buffer.from(head('POST', target.path, lines), 'latin1'), body]);
}

/** Sends bytes on a connection of their own and returns the first answer. */
export async function ask(target: Target, bytes: string | Buffer): Promise<RawAnswer> {
  const client = await RawClient.open(target.port);
  try {
    client.send(bytes);
    return await client.answer();
  } finally {
    await client.vanish();
  }
}
