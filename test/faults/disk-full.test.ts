import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { recordTexts } from '../support/audit-chain.ts';
import type { GatewayHome } from '../support/gateway-home.ts';
import { readChain } from '../support/journal-file.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';
import { assertAudited, assertChainVerifies } from './expectations.ts';
import { FaultBench } from './fault-bench.ts';

const MIB = 1024 * 1024;

interface Stage {
  readonly bench: FaultBench;
  readonly disk: SmallDisk;
}

async function onSmallDisk(t: TestContext, megabytes: number, minFreeBytes: number): Promise<Stage> {
  let disk: SmallDisk | undefined;
  const folder = (home: GatewayHome) => home.path('disk');
  const bench = await FaultBench.start(t, {
    minFreeBytes,
    journalPath: (home) => join(folder(home), 'journal.db'),
    prepare: async (home) => {
      await mkdir(folder(home));
      disk = new SmallDisk(folder(home), megabytes);
    },
    launch: () => ({ prefix: disk?.prefix ?? [] }),
  });
  return { bench, disk: disk ?? assert.fail('no disk') };
}

/** A copy of the journal, in its usual place, where the test can read it. */
async function records({ bench, disk }: Stage) {
  await disk.copyDatabase(bench.gateway, 'journal.db', bench.home.journal);
  return recordTexts(readChain(bench.home.journal, 'mercy'));
}

async function assertSound(stage: Stage): Promise<void> {
  const { bench } = stage;
  await bench.assertDelivered();
  const entering = SmallDisk.entering(bench.gateway);
  await assertChainVerifies(bench.home, entering);
  await records(stage);
  await assertAudited(bench.home, 'mercy', entering);
  assert.deepEqual(await bench.gateway.stop(), { code: 0, signal: null });
}

test('below the reserve nothing is accepted, but everything is still audited', async (t) => {
  const stage = await onSmallDisk(t, 24, 6 * MIB);
  const { bench, disk } = stage;
  await bench.sendAccepted(20);
  const known = await bench.sendKnown();
  await disk.fill(bench.gateway, 4 * MIB);
  await until('unready', async () => (await bench.gateway.health()).status === 503);
  await bench.assertRefusing(20, 'journal-disk-low');

  const forged = await bench.sendForged();
  assert.equal(forged.status, 401);
  const repeated = await bench.sender.send(known);
  assert.equal(repeated.status, 200, 'what is stored is acknowledged again');
  assert.equal(repeated.headers['portcullis-duplicate'], 'true');
  const actions = (await records(stage)).slice(-2).map(({ action }) => action);
  assert.deepEqual(actions.toSorted(), ['event.duplicate', 'event.refuse'], 'audited in the reserve');

  await disk.clear(bench.gateway);
  await bench.assertRecovers();
  await assertSound(stage);
});

test('on a full disk nothing is accepted; when space returns the gateway goes on by itself', async (t) => {
  const stage = await onSmallDisk(t, 12, 0);
  const { bench, disk } = stage;
  await bench.sendAccepted(20);
  const known = await bench.sendKnown();
  await disk.fill(bench.gateway, 0);
  let accepted = 0;
  while ((await bench.send()).status === 200) {
    accepted += 1;
    assert.ok(accepted < 50, 'the disk is full and events are still accepted');
  }
  await bench.assertRefusing(20, 'journal-failed');
  assert.equal((await bench.sender.send(known)).status, 503, 'a repeat that cannot be audited');
  assert.equal((await bench.sendForged()).status, 503, 'a refusal that cannot be audited');

  await disk.clear(bench.gateway);
  await bench.assertRecovers();
  await assertSound(stage);
});
