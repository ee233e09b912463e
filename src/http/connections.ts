import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The open connections and, of each, the answer that was begun last. */
export class Connections {
  readonly #latest = new Map<Socket, ServerResponse | undefined>();

  open(socket: Socket): void {
    this.#latest.set(socket, undefined);
    socket.once('close', () => this.#latest.delete(socket));
  }

  begin(socket: Socket, response: ServerResponse): void {
    this.#latest.set(socket, response);
  }

  /** The answer still owed on this connection, if any. */
  pending(socket: Socket): ServerResponse | undefined {
    const response = this.#latest.get(socket);
    return response === undefined || response.writableFinished ? undefined : response;
  }

  /**
   * Connections on which nothing was ever sent are closed; where an answer is owed, it will be the last one, and
   * `answered` is called when it is out.
   */
  drain(answered: () => void): void {
    for (const socket of this.#latest.keys()) {
      const response = this.pending(socket);
      if (response !== undefined) {
        response.shouldKeepAlive = false;
        response.once('close', answered);
      } else if (socket.bytesRead === 0) socket.destroy();
    }
  }

  destroyAll(): void {
    for (const socket of this.#latest.keys()) socket.destroy();
  }
}
