import { formatKeyPath, type KeyPath } from './key-path.ts';
import type { ConfigProblem } from './problem.ts';

export interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  /** `error` unless stated. */
  readonly severity?: ConfigProblem['severity'];
}

/** Collects everything wrong with one file, so that all of it is told at once. */
export class ProblemReport {
  readonly #file: string;
  readonly #lineOf: (path: KeyPath) => number | undefined;
  readonly #problems: ConfigProblem[] = [];

  constructor(file: string, lineOf: (path: KeyPath) => number | undefined) {
    this.#file = file;
    this.#lineOf = lineOf;
  }

  /** Something wrong at a place in the file. */
  at(path: KeyPath, complaint: Complaint): void {
    const place = { file: this.#file, line: this.#lineOf(path), path: formatKeyPath(path) };
    this.#add({ severity: 'error', ...complaint, ...place });
  }

  /** Something wrong on a line (from 1) of a file that could not be read as a whole. */
  atLine(line: number, complaint: Complaint): void {
    this.#add({ severity: 'error', ...complaint, file: this.#file, line, path: '' });
  }

  /** Something wrong with the process or its environment; `place` names what, such as `NODE_OPTIONS`. */
  aboutProcess(place: string, complaint: Complaint): void {
    this.#add({ severity: 'error', ...complaint, file: undefined, line: undefined, path: place });
  }

  /** Takes over what was found in another file. */
  include(other: ProblemReport): void {
    for (const problem of other.problems()) this.#add(problem);
  }

  /** Errors and warnings in the order of the file; those of the process come first. */
  problems(): readonly ConfigProblem[] {
    return this.#problems.toSorted(inFileOrder);
  }

  get failed(): boolean {
    return this.#problems.some((problem) => problem.severity === 'error');
  }

  #add(problem: ConfigProblem): void {
    const same = (other: ConfigProblem) => sameness(other) === sameness(problem);
    if (!this.#problems.some(same)) this.#problems.push(problem);
  }
}

function sameness({ file, line, path, message }: ConfigProblem): string {
  return JSON.stringify([file, line, path, message]);
}

/** The process first, then file by file. */
function inFileOrder(a: ConfigProblem, b: ConfigProblem): number {
  const files = (a.file ?? '').localeCompare(b.file ?? '');
  return files !== 0 ? files : (a.line ?? 0) - (b.line ?? 0);
}
