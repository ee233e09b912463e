import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../../../src/config/yaml-document.ts';
import { workspace, yaml } from './fixture.ts';

const FAULTS: readonly (readonly [name: string, text: string, line: number, message: RegExp])[] = [
  ['a repeated key', 'a: 1\nb: 2\na: 3\n', 3, /given twice/],
  ['an unclosed bracket', 'a: [1, 2\n  s3cret\n', 3, /bracket/],
  ['a tab as indentation', 'a:\n\tb: 1\n', 2, /tabs/],
  ['a second document', 'a: 1\n---\nb: 2\n', 2, /second document/],
  ['an unknown tag', 'a: !secret s3cret\n', 1, /unknown tag/],
  ['an unknown alias', 'a: *s3cret\n', 1, /alias/],
  ['a colon within a text', 'a: s3cret: b\n', 1, /quotes/],
];

for (const [name, text, line, message] of FAULTS) {
  test(`YAML with ${name} is refused on its line, without quoting it`, () => {
    const result = parseYaml(text);
    assert.ok(!result.ok);
    const fault = result.faults.find((candidate) => message.test(candidate.message));
    assert.ok(fault, JSON.stringify(result.faults));
    assert.equal(fault.line, line);
    assert.equal(JSON.stringify(result.faults).includes('s3cret'), false);
  });
}

test('lines are found through flow and block style, lists and aliases', () => {
  const result = parseYaml('base: &b\n  x:\n    y: 1\nlist:\n  - a: { b: 1,\n      c: 2 }\n  - *b\n');
  assert.ok(result.ok);
  const { lineOf } = result.text;
  assert.equal(lineOf([]), 1);
  assert.equal(lineOf(['base', 'x', 'y']), 3);
  assert.equal(lineOf(['list', 0, 'a', 'c']), 6);
  assert.equal(lineOf(['list', 1, 'x', 'y']), 3);
  assert.equal(lineOf(['list', 9]), 4, 'the nearest ancestor stands in for what is not there');
});

test('aliases cannot be used to blow up memory', () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level}: &l${level} [${`*l${level - 1},`.repeat(9)}]`,
  );
  const result = parseYaml(['l0: &l0 [1]', ...levels.slice(1)].join('\n'));
  assert.ok(!result.ok);
  assert.match(result.faults[0]?.message ?? '', /aliases/);
});

test('a file that is missing, not UTF-8, empty or a list is a problem, not a crash', async (t) => {
  const space = await workspace(t);
  const codes = async (file: string) => {
    const result = await space.loader()(file);
    assert.ok(!result.ok);
    return result.problems.map(({ code, path }) => `${code} ${path}`.trim());
  };
  assert.deepEqual(await codes('nowhere.yaml'), ['file-unreadable']);
  await space.write('latin1.yaml', Buffer.from([0x61, 0x3a, 0x20, 0xe9]));
  assert.deepEqual(await codes('latin1.yaml'), ['file-unreadable']);
  await space.write('empty.yaml', '');
  assert.deepEqual(await codes('empty.yaml'), ['wrong-type']);
  await space.write('list.yaml', '- a\n');
  assert.deepEqual(await codes('list.yaml'), ['wrong-type']);
  await space.write('bad.yaml', 'a: [\n');
  assert.deepEqual(await codes('bad.yaml'), ['not-yaml']);
});

test('a byte-order mark and Windows line ends do no harm', async (t) => {
  const space = await workspace(t);
  assert.deepEqual(await space.problems(`\uFEFF${yaml().replaceAll('\n', '\r\n')}`), []);
});
