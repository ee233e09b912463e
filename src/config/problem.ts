/** One thing wrong with the configuration or with the process it is to run in. Never holds a secret. */
export interface ConfigProblem {
  /** An error keeps the gateway from starting; a warning does not. */
  readonly severity: 'error' | 'warning';
  /** Stable, for machines: `unknown-key`, `secret-missing`, … */
  readonly code: string;
  /** The file at fault; undefined where it is the process or its environment. */
  readonly file: string | undefined;
  /** Line in that file, from 1. */
  readonly line: number | undefined;
  /** Key path in that file, such as `core.retry.maxDelayMs`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

export function hasErrors(problems: readonly ConfigProblem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

/** Problems for a terminal: place, what is wrong, what to do; then a count. Empty text for none. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  if (problems.length === 0) return '';
  return `${problems.map(formatProblem).join('\n')}\n${countProblems(problems)}\n`;
}

/** Problems for machines: the fields of ConfigProblem, those that are undefined as null. */
export function problemsAsJson(problems: readonly ConfigProblem[]): string {
  const rows = problems.map((problem) => ({
    ...problem,
    file: problem.file ?? null,
    line: problem.line ?? null,
  }));
  return JSON.stringify({ problems: rows });
}

function formatProblem(problem: ConfigProblem): string {
  const place = formatPlace(problem);
  const lines = [`${problem.severity}: ${problem.message}  [${problem.code}]`, `  at      ${place}`];
  return [...lines, `  remedy  ${problem.remedy}`].map(printable).join('\n');
}

function formatPlace({ file, line, path }: ConfigProblem): string {
  if (file === undefined) return path === '' ? 'the process' : path;
  const position = line === undefined ? file : `${file}:${line}`;
  return path === '' ? position : `${position}  ${path}`;
}

/** Text of the file may hold control characters; a terminal must not obey them. */
function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function countProblems(problems: readonly ConfigProblem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  return `${plural(errors, 'error')}, ${plural(problems.length - errors, 'warning')}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
