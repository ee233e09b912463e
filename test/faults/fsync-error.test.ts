import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { GatewayHome } from '../support/gateway-home.ts';
import { assertAudited, assertChainVerifies } from './expectations.ts';
import { FaultBench } from './fault-bench.ts';

const SHIM_SOURCE = fileURLToPath(new URL('./fsync-fault.c', import.meta.url));
/** Bodies of which about twenty fill as much of the write-ahead log as makes the gateway fold it back. */
const BIG_BODIES = { targetBytes: 900_000 };

type Trigger = 'fail-sync' | 'fail-sync-once' | 'fail-write';
type SyncCall = { readonly handle: string; readonly file: string; readonly failed: boolean };

function benchWithShim(t: TestContext, mix = {}): Promise<FaultBench> {
  return FaultBench.start(t, { mix, launch: faultyDisk, prepare: buildShim });
}

async function buildShim(home: GatewayHome): Promise<void> {
  await mkdir(home.path('faults'));
  const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror'];
  await promisify(execFile)('gcc', [...flags, '-o', home.path('fsync-fault.so'), SHIM_SOURCE, '-ldl']);
}

function faultyDisk(home: GatewayHome) {
  const variables = {
    LD_PRELOAD: home.path('fsync-fault.so'),
    PORTCULLIS_FAULT_DIR: home.path('faults'),
  };
  return { variables };
}

/** @param end only files whose path ends so are concerned. */
function pull(bench: FaultBench, trigger: Trigger, end = ''): Promise<void> {
  return writeFile(join(bench.home.path('faults'), trigger), end);
}

function release(bench: FaultBench, trigger: Trigger): Promise<void> {
  return rm(join(bench.home.path('faults'), trigger));
}

async function syncCalls(bench: FaultBench): Promise<SyncCall[]> {
  const text = await readFile(join(bench.home.path('faults'), 'calls'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([what]) => what === 'sync')
    .map(([, pid, fd, inode, generation, outcome, file = '']) => ({
      handle: `${pid} ${fd} ${inode} ${generation}`,
      file,
      failed: outcome !== 'ok',
    }));
}

/** After an fsync failed, none on the same open file may succeed: the lost pages would be taken for written. */
async function assertNeverRetried(bench: FaultBench, file: string): Promise<void> {
  const calls = await syncCalls(bench);
  const spent = new Set<string>();
  const retried: string[] = [];
  for (const call of calls) {
    if (call.failed) spent.add(call.handle);
    else if (spent.has(call.handle)) retried.push(`${call.handle} ${call.file}`);
  }
  assert.ok(
    calls.some((call) => call.failed && call.file === file),
    `no fsync of ${file} failed: the test proves nothing`,
  );
  assert.deepEqual(retried, [], 'handles whose fsync succeeded after one that had failed');
}

async function assertSound(bench: FaultBench): Promise<void> {
  await bench.assertDelivered();
  assert.deepEqual(await bench.gateway.stop(), { code: 0, signal: null });
  await assertChainVerifies(bench.home);
  await assertAudited(bench.home, 'mercy');
}

test('while fsync fails nothing is accepted; afterwards the gateway recovers by itself', async (t) => {
  const bench = await benchWithShim(t);
  await bench.sendAccepted(20);
  await pull(bench, 'fail-sync');
  await bench.assertRefusing(20, 'journal-failed');
  await release(bench, 'fail-sync');
  await bench.assertRecovers();
  await assertSound(bench);
  await assertNeverRetried(bench, '-wal');
});

test('a single failed fsync costs one answer and the handle, nothing else', async (t) => {
  const bench = await benchWithShim(t);
  for (let round = 0; round < 5; round += 1) {
    await bench.sendAccepted(10);
    await bench.assertDelivered();
    await pull(bench, 'fail-sync-once', '-wal');
    await bench.assertRecovers();
  }
  await assertSound(bench);
  await assertNeverRetried(bench, '-wal');
});

test('a failed fsync of the database file undoes no acknowledgement and is not repeated', async (t) => {
  const bench = await benchWithShim(t, BIG_BODIES);
  await bench.sendAccepted(2);
  await pull(bench, 'fail-sync', '.db');
  let accepted = 0;
  while ((await bench.send()).status === 200) {
    accepted += 1;
    assert.ok(accepted < 100, 'the write-ahead log was never folded back');
  }
  await bench.assertRefusing(3, 'journal-failed');
  await release(bench, 'fail-sync');
  await bench.assertRecovers();
  await assertSound(bench);
  await assertNeverRetried(bench, '.db');
});

test('while writes fail for want of space nothing is accepted; afterwards the gateway recovers', async (t) => {
  const bench = await benchWithShim(t);
  await bench.sendAccepted(20);
  await pull(bench, 'fail-write');
  await bench.assertRefusing(20, 'journal-failed');
  await release(bench, 'fail-write');
  await bench.assertRecovers();
  await assertSound(bench);
});
