import { write, writeSync } from 'node:fs';

/** Bytes gathered before they are written; below, a timer writes what there is. */
const WRITE_BYTES = 32 * 1024;
const FLUSH_MS = 500;
/** Beyond this, a reader that does not keep up costs log lines, never memory. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/**
 * Writes log lines to a file descriptor in large pieces, one write under way at a time, and never waits for whoever
 * reads them. Gathering text in an array and encoding it once is what makes a line cost a microsecond.
 */
export class LogDestination {
  readonly #fd: number;
  #lines: string[] = [];
  #length = 0;
  #writing = false;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Takes one line, its end included. */
  write(line: string): void {
    if (this.#length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= WRITE_BYTES) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), FLUSH_MS).unref();
  }

  /** Writes out what waits before it returns. Errors are ignored: nothing is left to tell them to. */
  flushSync(): void {
    let rest = this.#take();
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#fd, rest));
    } catch {
      // Standard output is closed, or full and not to be waited for.
    }
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing || this.#length === 0) return;
    this.#writing = true;
    this.#continue(this.#take());
  }

  #continue(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      const again = error?.code === 'EAGAIN';
      const rest = error === null ? bytes.subarray(written) : bytes;
      if (again) setTimeout(() => this.#continue(rest), 10).unref();
      else if (error === null && rest.length > 0) this.#continue(rest);
      else this.#written();
    });
  }

  #written(): void {
    this.#writing = false;
    if (this.#length >= WRITE_BYTES) this.#start();
    else if (this.#length > 0) this.#timer ??= setTimeout(() => this.#start(), FLUSH_MS).unref();
  }

  #take(): Buffer {
    if (this.#dropped > 0)
      this.#lines.push(`{"level":"warn","msg":"log lines dropped","count":${this.#dropped}}\n`);
    this.#dropped = 0;
    const bytes = Buffer.from(this.#lines.join(''), 'utf8');
    this.#lines = [];
    this.#length = 0;
    return bytes;
  }
}
