import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { paint } from '../../../sandbox/demo/report.ts';
import { runDemo } from '../../../sandbox/demo/run-demo.ts';
import { Screen } from '../../../sandbox/demo/screen.ts';

const STAND_IN = fileURLToPath(new URL('stand-in-gateway.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portcullis-demo-'));
after(() => rmSync(folder, { recursive: true }));

/** Runs the demo against the stand-in; the empty misbehaviour is a gateway that keeps its promises. */
async function demo(
  misbehaviour: string,
  settings: { total?: number; stop?: AbortSignal; stallMs?: number } = {},
) {
  let text = '';
  const ok = await runDemo({
    command: [process.execPath, STAND_IN, ...(misbehaviour === '' ? [] : [`--misbehave=${misbehaviour}`])],
    folder: mkdtempSync(join(folder, 'run-')),
    seed: 'test',
    total: settings.total ?? 150,
    ratePerSecond: 500,
    screen: new Screen({ write: (part) => (text += part) }, false),
    paint: paint(false),
    stop: settings.stop ?? new AbortController().signal,
    stallMs: settings.stallMs ?? 20_000,
  });
  return { ok, text };
}

test('succeeds with a gateway that keeps its promises, and ends with a plain count', async () => {
  const { ok, text } = await demo('');
  assert.equal(ok, true, text);
  const count =
    /^(\d+) sent, (\d+) accepted, (\d+) delivered, (\d+) duplicate, (\d+) conflict, (\d+) refused, 0 failed$/;
  const [, sent, accepted, delivered, duplicate, conflict, refused] = (
    count.exec(text.trim().split('\n').at(-1) ?? '') ?? []
  ).map(Number);
  assert.equal(accepted, 150);
  assert.equal(sent, 150 + (duplicate ?? 0) + (conflict ?? 0) + (refused ?? 0));
  assert.ok((duplicate ?? 0) > 0 && (conflict ?? 0) > 0 && (refused ?? 0) > 0, text);
  // Handshakes and heartbeats stay with the gateway.
  assert.ok((delivered ?? 0) > 100 && (delivered ?? 0) < 150, text);
  assert.match(text, /audit records +mercy \d+, lakeside \d+/);
});

const BROKEN = [
  ['lose', /\d+ accepted events were not delivered/],
  ['alter', /was delivered with other bytes than were sent/],
  ['take-forged', /a forged event \([a-z-]+\) was answered 200, not 401/],
  ['forget-duplicates', /a duplicate got another event id/],
  ['sign-badly', /core platform: bad-signature/],
  ['altered-audit', /audit verify ended with exit code 1/],
  ['end-badly', /the gateway ended with exit code 3, not 0/],
] as const;

for (const [misbehaviour, told] of BROKEN) {
  test(`fails and says why when the gateway does this: ${misbehaviour}`, async () => {
    const { ok, text } = await demo(misbehaviour, { stallMs: 1_000 });
    assert.equal(ok, false, text);
    assert.match(text, told);
    assert.doesNotMatch(text.trim().split('\n').at(-1) ?? '', / 0 failed$/);
  });
}

test('names the log when the gateway does not start', async () => {
  const run = {
    command: [process.execPath, '-e', 'process.exit(7)', '--'],
    folder: mkdtempSync(join(folder, 'run-')),
  };
  let text = '';
  const screen = new Screen({ write: (part) => (text += part) }, false);
  const never = new AbortController().signal;
  const ok = await runDemo({
    ...run,
    seed: 's',
    total: 1,
    ratePerSecond: 1,
    screen,
    paint: paint(false),
    stop: never,
    stallMs: 1,
  });
  assert.equal(ok, false);
  assert.match(text, /failed: the gateway ended with exit code 7; its log: .*gateway\.log/);
});

test('an interrupted fixed load is no success, and is still drained and summed up', async () => {
  const interruption = new AbortController();
  let text = '';
  const screen = new Screen(
    {
      write: (part) => {
        text += part;
        if (text.includes('Sending 1000000')) interruption.abort();
      },
    },
    false,
  );
  const ok = await runDemo({
    command: [process.execPath, STAND_IN],
    folder: mkdtempSync(join(folder, 'run-')),
    seed: 'test',
    total: 1_000_000,
    ratePerSecond: 1,
    screen,
    paint: paint(false),
    stop: interruption.signal,
    stallMs: 20_000,
  });
  assert.equal(ok, false);
  assert.match(text, /failed: interrupted before everything was sent/);
  assert.doesNotMatch(text, /were not delivered/);
});

test('a terminal block is erased before it is shown again', () => {
  let text = '';
  const screen = new Screen({ write: (part) => (text += part) }, true);
  screen.show(['a', 'b']);
  screen.show(['c']);
  screen.print(['d']);
  assert.equal(text, 'a\nb\n\u001b[2A\u001b[0Jc\n\u001b[1A\u001b[0Jd\n');
});
