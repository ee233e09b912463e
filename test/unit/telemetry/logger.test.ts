import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields } from '../../../src/kernel/log.ts';
import { LOG_FIELDS } from '../../../src/telemetry/log-fields.ts';
import { createLogger, type LogLevel } from '../../../src/telemetry/logger.ts';

const NOW = Date.parse('2026-11-22T01:02:03.004Z');

function capture(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLogger({ level, destination, clock: { now: () => NOW } }) };
}

test('a line holds level, time, allowed fields and message, and nothing else', () => {
  const { lines, log } = capture();
  log.info('request', { status: 200, organization: 'mercy', replay: false, route: undefined });
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      {
        level: 'info',
        time: '2026-11-22T01:02:03.004Z',
        status: 200,
        organization: 'mercy',
        replay: false,
        msg: 'request',
      },
    ],
  );
  assert.ok(lines[0]?.endsWith('}\n'));
});

test('a field that is not on the list never appears, nor does its name', () => {
  const { lines, log } = capture();
  const secret = 'Doe^Jane 1970-01-01';
  for (const name of [
    'patient',
    'body',
    'url',
    'authorization',
    'msg',
    'level',
    'time',
    '__proto__',
    'constructor',
  ]) {
    const fields: LogFields = Object.fromEntries([
      [name, secret],
      ['status', 401],
    ]);
    log.warn('refused', fields);
    const line = lines.at(-1) ?? '';
    assert.equal(line.includes('Doe'), false, name);
    const { status, dropped_fields: dropped, msg, level } = JSON.parse(line);
    assert.deepEqual(
      { status, dropped, msg, level },
      { status: 401, dropped: 1, msg: 'refused', level: 'warn' },
    );
  }
});

test('objects, errors and bytes are dropped even under an allowed name', () => {
  const { lines, log } = capture();
  const fields: unknown = {
    reason: { secret: 's3cret' },
    event: Buffer.from('s3cret'),
    code: new Error('s3cret'),
  };
  log.error('failed', fields as LogFields);
  assert.equal(lines.join('').includes('s3cret'), false);
  assert.equal(JSON.parse(lines[0] ?? '').dropped_fields, 3);
});

test('line breaks and control characters cannot forge a line, and long texts are cut', () => {
  const { lines, log } = capture();
  log.info('request', { reason: 'a\n{"level":"info"}\u001b', outcome: 'x'.repeat(5000) });
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.trimEnd().includes('\n'), false);
  assert.equal(lines[0]?.includes('\u001b'), false);
  assert.ok(JSON.parse(lines[0] ?? '').outcome.length < 300);
});

test('levels below the one set are silent', () => {
  const { lines, log } = capture('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).level),
    ['warn', 'error'],
  );
  const silent = capture('silent');
  silent.log.error('e');
  assert.deepEqual(silent.lines, []);
});

test('flush empties the destination, and one that cannot flush does no harm', () => {
  const calls: string[] = [];
  const destination = { write: () => {}, flushSync: () => void calls.push('flush') };
  createLogger({ level: 'info', destination }).flush();
  assert.deepEqual(calls, ['flush']);
  capture().log.flush();
});

test('the list of fields is in one style: lower case with underscores', () => {
  for (const name of LOG_FIELDS) assert.match(name, /^[a-z]+(?:_[a-z]+)*$/);
});
