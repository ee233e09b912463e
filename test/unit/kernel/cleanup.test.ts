import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Cleanup } from '../../../src/kernel/cleanup.ts';

test('what was opened last is closed first, each step awaited', async () => {
  const cleanup = new Cleanup();
  const log: string[] = [];
  for (const name of ['journal', 'forwarder', 'server']) {
    cleanup.add(name, async () => {
      log.push(`${name} begins`);
      await turn();
      log.push(`${name} ends`);
    });
  }
  await cleanup.run();
  const order = ['server', 'forwarder', 'journal'];
  assert.deepEqual(
    log,
    order.flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

test('a step that fails keeps no other from running, and all failures are told', async () => {
  const cleanup = new Cleanup();
  const ran: string[] = [];
  const causes = [new Error('one'), new Error('two')];
  cleanup.add('first', () => void ran.push('first'));
  cleanup.add('second', () => Promise.reject(causes[1]));
  cleanup.add('third', () => {
    throw causes[0];
  });
  cleanup.add('fourth', () => void ran.push('fourth'));
  const error = await cleanup.run().catch((thrown: unknown) => thrown);
  assert.ok(error instanceof AggregateError);
  assert.deepEqual(
    error.errors.map((one: Error) => [one.message, one.cause]),
    [
      ['closing third failed', causes[0]],
      ['closing second failed', causes[1]],
    ],
  );
  assert.deepEqual(ran, ['fourth', 'first']);
});

test('each step runs once, also when clean-up is asked for twice or at the same time', async () => {
  const cleanup = new Cleanup();
  let runs = 0;
  const count = () => {
    runs += 1;
  };
  cleanup.add('step', count);
  cleanup.add('step', count);
  await Promise.all([cleanup.run(), cleanup.run()]);
  await cleanup.run();
  assert.equal(runs, 2);
});
