import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ConfigProblem,
  formatProblems,
  hasErrors,
  problemsAsJson,
} from '../../../src/config/problem.ts';
import { closest } from '../../../src/config/suggestion.ts';

const ERROR: ConfigProblem = {
  severity: 'error',
  code: 'unknown-key',
  file: 'config/portcullis.yaml',
  line: 12,
  path: 'core.ulr',
  message: 'unknown key `ulr`',
  remedy: 'did you mean `url`?',
};
const WARNING: ConfigProblem = {
  severity: 'warning',
  code: 'node-too-old',
  file: undefined,
  line: undefined,
  path: 'Node.js',
  message: 'Node.js 24.0.0 is too old',
  remedy: 'use at least Node.js 24.18.1',
};

test('problems read as place, fault and remedy, with a count', () => {
  assert.equal(
    formatProblems([ERROR, WARNING]),
    `error: unknown key \`ulr\`  [unknown-key]
  at      config/portcullis.yaml:12  core.ulr
  remedy  did you mean \`url\`?
warning: Node.js 24.0.0 is too old  [node-too-old]
  at      Node.js
  remedy  use at least Node.js 24.18.1
1 error, 1 warning
`,
  );
  assert.equal(formatProblems([]), '');
});

test('text of the file cannot drive the terminal', () => {
  const text = formatProblems([{ ...ERROR, message: 'unknown key `\u001b[2J\n`' }]);
  assert.equal(text.includes('\u001b'), false);
  assert.match(text, /\\u001b\[2J\\u000a/);
});

test('problems for machines have every field', () => {
  const { problems } = JSON.parse(problemsAsJson([WARNING]));
  assert.deepEqual(problems, [{ ...WARNING, file: null, line: null }]);
});

test('only errors keep the gateway from starting', () => {
  assert.equal(hasErrors([WARNING]), false);
  assert.equal(hasErrors([WARNING, ERROR]), true);
});

test('the nearest name is proposed, and none when none is near', () => {
  const names = ['organizations', 'coordination', 'core', 'keys'];
  assert.equal(closest('organisations', names), 'organizations');
  assert.equal(closest('Core', names), 'core');
  assert.equal(closest('croe', names), 'core', 'neighbours swapped');
  assert.equal(closest('key', names), 'keys');
  assert.equal(closest('database', names), undefined);
  assert.equal(closest('x'.repeat(10_000), names), undefined);
});
