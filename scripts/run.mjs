// What the scripts of package.json run: `node scripts/run.mjs <task> [arguments]`.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, prepare, programEnvironment, ROOT } from './setup.mjs';
import { BENCH_NEEDS, requireSystemPackages } from './system-packages.mjs';

const [task, ...rest] = process.argv.slice(2);
const bin = (...path) => join(ROOT, 'node_modules', ...path);
const TAP = join(ROOT, 'var', 'test.tap');

const TASKS = {
  start: () => run(prepare('run'), ['src/main.ts', 'serve', ...rest]),
  demo: () => run(prepare('run'), ['sandbox/demo.ts', ...rest]),
  check: () => check(prepare('develop')),
  test: async () => {
    const node = prepare('develop');
    requireSystemPackages();
    const checked = await check(node);
    return checked === 0 ? test(node, rest.length > 0 ? rest : ['test/**/*.test.ts']) : checked;
  },
  'test:sidecar': () => {
    requireSystemPackages();
    return test(prepare('develop'), ['test/unit/packaging/nginx.test.ts']);
  },
  'test:faults': () => {
    requireSystemPackages();
    return test(prepare('develop'), ['test/faults/**/*.test.ts'], { PORTCULLIS_FAULTS: 'long' });
  },
  bench: () => {
    const node = prepare('develop');
    requireSystemPackages(BENCH_NEEDS);
    return run(node, ['bench/run.ts', ...rest]);
  },
  format: () => run(prepare('develop'), [bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '--write', '.']),
};

const action = TASKS[task];
if (action === undefined) fail(`unknown task; known: ${Object.keys(TASKS).join(', ')}`);
process.exitCode = await action();

/** Types, format and lint, then the import rule. */
async function check(node) {
  const steps = [
    [bin('typescript', 'bin', 'tsc'), '--project', 'tsconfig.json'],
    [bin('@biomejs', 'biome', 'bin', 'biome'), 'ci', '--error-on-warnings', '.'],
    ['scripts/check-imports.ts'],
  ];
  for (const step of steps) {
    const status = await run(node, step);
    if (status !== 0) return status;
  }
  process.stderr.write('check: types, style and import rule hold\n');
  return 0;
}

/** Every test file in a process of its own, as many at a time as there are cores. */
async function test(node, patterns, variables = {}) {
  mkdirSync(join(ROOT, 'var'), { recursive: true });
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${TAP}`,
  ];
  const status = await run(
    node,
    ['--test', '--test-timeout=900000', '--test-concurrency=2', ...reporters, ...patterns],
    variables,
  );
  const tap = readFileSync(TAP, 'utf8');
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);
  const [passed, failed, skipped] = [
    count('pass'),
    count('fail') + count('cancelled'),
    count('skipped') + count('todo'),
  ];
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return status === 0 && (passed === 0 || skipped > 0) ? 1 : status;
}

function run(node, args, variables = {}) {
  const child = spawn(node, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...programEnvironment(), ...variables },
  });
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}
