/** Where the demo writes: a terminal's stream, or anything that takes text. */
export interface Output {
  write(text: string): unknown;
}

const ESCAPE = '\u001b[';

/** Text that goes by, and on a terminal one block at the end of it that is written anew in place. */
export class Screen {
  readonly #out: Output;
  readonly #inPlace: boolean;
  #shown = 0;

  /** @param inPlace whether the output is a terminal, whose cursor can be moved. */
  constructor(out: Output, inPlace: boolean) {
    this.#out = out;
    this.#inPlace = inPlace;
  }

  get inPlace(): boolean {
    return this.#inPlace;
  }

  /** Writes lines that stay; the block is gone until it is shown again. */
  print(lines: readonly string[]): void {
    this.#out.write(`${this.#erased()}${lines.join('\n')}\n`);
    this.#shown = 0;
  }

  /** Shows the block in place of what was shown before. Only where the output is a terminal. */
  show(block: readonly string[]): void {
    this.#out.write(`${this.#erased()}${block.join('\n')}\n`);
    this.#shown = block.length;
  }

  #erased(): string {
    return this.#shown === 0 ? '' : `${ESCAPE}${this.#shown}A${ESCAPE}0J`;
  }
}
