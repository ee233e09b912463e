import { connect, type Socket } from 'node:net';
import type { Target } from './wire-plan.ts';

const HEAD_END = '\r\n\r\n';
/** Stands for a status where the connection ended without an answer. */
const NO_ANSWER = 0;

/** One kept-alive HTTP/1.1 connection that has at most one request under way, as thin as can be. */
export class PacedConnection {
  readonly #target: Target;
  #socket: Socket;
  #received = '';
  #answer: ((status: number) => void) | undefined;
  #closing = false;

  constructor(target: Target) {
    this.#target = target;
    this.#socket = this.#open();
  }

  ready(): Promise<void> {
    if (!this.#socket.connecting) return Promise.resolve();
    return new Promise((resolve) => this.#socket.once('connect', () => resolve()));
  }

  /** @param answer gets the status, or 0 when the connection broke. */
  send(request: Buffer, answer: (status: number) => void): void {
    this.#answer = answer;
    this.#socket.write(request);
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #open(): Socket {
    const { host, port } = this.#target;
    const socket = connect({ host, port, noDelay: true });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#read(socket, text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#lost(socket));
    this.#received = '';
    return socket;
  }

  #read(socket: Socket, text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0 || this.#received.length < headEnd + HEAD_END.length + this.#bodyLength(headEnd)) return;
    const status = Number(this.#received.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
    // The receiver says when it wants a new connection; waiting for its FIN would race with the next request.
    if (/^connection: close\r$/im.test(this.#received.slice(0, headEnd + 1))) this.#replace(socket);
    this.#received = '';
    this.#finish(status);
  }

  #bodyLength(headEnd: number): number {
    const head = this.#received.slice(0, headEnd);
    return Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  }

  #lost(socket: Socket): void {
    if (this.#closing || socket !== this.#socket) return;
    this.#socket = this.#open();
    this.#finish(NO_ANSWER);
  }

  #replace(socket: Socket): void {
    this.#socket = this.#open();
    socket.destroy();
  }

  #finish(status: number): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(status);
  }
}
