import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { GatewayError } from '../../../src/kernel/errors.ts';
import { takeOwnership } from '../../../src/storage/journal/sqlite/database.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';

const DATABASE_MODULE = new URL('../../../src/storage/journal/sqlite/database.ts', import.meta.url).href;
const HOLDER = `
  const { takeOwnership } = await import(process.argv[1]);
  takeOwnership(process.argv[2]);
  process.stdout.write('held');
  setInterval(() => {}, 1000);
`;

test('a second owner is refused in the same process, until the first lets go', async (t) => {
  const path = join(await scratchFolder(t), 'journal.db');
  const release = takeOwnership(path);
  assert.throws(() => takeOwnership(path), isInUse);
  release();
  takeOwnership(path)();
});

test('another process is refused, and a process that is killed frees the journal', async (t) => {
  const path = join(await scratchFolder(t), 'journal.db');
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, DATABASE_MODULE, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.throws(() => takeOwnership(path), isInUse);
  child.kill('SIGKILL');
  await once(child, 'exit');
  takeOwnership(path)();
});

test('ownership can be taken before the journal’s folder exists', async (t) => {
  takeOwnership(join(await scratchFolder(t), 'new', 'journal.db'))();
});

function isInUse(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'journal-in-use' && error.disposition === 'park';
}
