import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { copiesOf, execForm, readStages, type Stage } from './support/dockerfile.ts';
import { REPOSITORY, runProgram, startProgram, temporaryFolder, untilReady } from './support/program.ts';

const stages = readStages();
const stage = (name: string): Stage => {
  const found = stages.find((one) => one.name === name);
  assert.ok(found, `the Dockerfile has no stage ${name}`);
  return found;
};

test('every image is pinned, and Node is the version of .node-version', () => {
  const own = new Set(stages.map(({ name }) => name));
  const foreign = stages.map(({ base }) => base).filter((base) => !own.has(base));
  const node = readFileSync(join(REPOSITORY, '.node-version'), 'utf8').trim();
  assert.deepEqual(foreign, [`node:${node}-trixie-slim`]);
});

test('everything the Dockerfile copies exists, and .dockerignore lets it through', () => {
  const ignored = readFileSync(join(REPOSITORY, '.dockerignore'), 'utf8').split('\n');
  assert.ok(ignored.includes('*'));
  const sources = stages.flatMap(copiesOf).filter(({ from }) => from === undefined);
  for (const source of sources.flatMap((copy) => copy.sources)) {
    assert.ok(existsSync(join(REPOSITORY, source)), source);
    assert.ok(ignored.includes(`!${source}`), `.dockerignore hides ${source}`);
  }
});

test('containers run without rights of root, in exec form, and stop on SIGTERM', () => {
  for (const name of ['gateway', 'sandbox']) {
    const { instructions } = stage(name);
    const last = (instruction: string) => instructions.findLast((one) => one.name === instruction)?.text;
    assert.match(last('USER') ?? '', /^[1-9]\d*:[1-9]\d*$/);
    assert.equal(last('STOPSIGNAL'), 'SIGTERM');
    assert.ok(execForm(stage(name), 'CMD').length > 0);
  }
  assert.equal(stages.at(-1)?.name, 'gateway');
});

test('no image holds a secret or the development tools', () => {
  const text = readFileSync(join(REPOSITORY, 'Dockerfile'), 'utf8');
  assert.doesNotMatch(text, /^(?:ARG|ENV)\s+\S*(?:SECRET|TOKEN|PASSWORD|KEY)/im);
  assert.match(text, /npm ci --omit=dev --ignore-scripts/);
});

test('what the gateway image holds is enough to check, start, be healthy and stop, and nothing of it is written to', async (t) => {
  const image = stageImage('gateway');
  const { folder, config } = production();
  const before = listing(image);
  const gateway = stage('gateway');
  const [program = '', ...args] = execForm(gateway, 'ENTRYPOINT');
  assert.equal(program, 'node');
  const checked = runProgram(process.execPath, [...args, 'check', '--config', config], { cwd: image });
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);

  const command = [process.execPath, ...args, ...execForm(gateway, 'CMD'), '--config', config];
  const running = startProgram(t, command, { cwd: image, log: join(folder, 'log') });
  const [, ...probe] = execForm(gateway, 'HEALTHCHECK');
  const health = () =>
    runProgram(process.execPath, probe.slice(-1), {
      cwd: image,
      env: { ...process.env, PORTCULLIS_HEALTH: join(folder, 'gateway.sock') },
    }).status;
  assert.equal(health(), 1);
  await untilReady(running, async () => health() === 0);
  assert.equal(await running.stop(), 0, running.output());
  assert.equal(health(), 1);
  assert.deepEqual(listing(image), before);
});

test('the sandbox image holds what its two programs need', async () => {
  const image = stageImage('sandbox');
  for (const program of ['core-platform', 'ehr']) {
    const { stderr, status } = runProgram(process.execPath, [`sandbox/compose/${program}.ts`], {
      cwd: image,
      env: {},
    });
    assert.equal(status, 1);
    assert.match(stderr, /the environment variable (?:CORE_SECRET_FILE|EHR_TARGET) is not set/);
  }
});

/** A folder with just the files that a stage copies, each where the image has it. */
function stageImage(name: string): string {
  const image = join(temporaryFolder(), 'app');
  mkdirSync(image);
  for (const { from, sources, target } of copiesOf(stage(name))) {
    if (from !== undefined) {
      symlinkSync(join(REPOSITORY, 'node_modules'), join(image, 'node_modules'));
      continue;
    }
    for (const source of sources) {
      const to = target.endsWith('/') ? join(image, target, source) : join(image, target);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(join(REPOSITORY, source), to, { recursive: true });
    }
  }
  return image;
}

/** The production example with the secrets that make-compose-secrets makes, in a folder of the test. */
function production(): { folder: string; config: string } {
  const folder = temporaryFolder();
  const made = runProgram(process.execPath, [join(REPOSITORY, 'scripts/make-compose-secrets.mjs'), folder]);
  assert.equal(made.status, 0, made.stderr);
  const text = readFileSync(join(REPOSITORY, 'config/production.example.yaml'), 'utf8')
    .replaceAll('/run/secrets/', `${folder}/secrets/`)
    .replace('/run/portcullis/gateway.sock', `${folder}/gateway.sock`)
    .replace('/var/lib/portcullis/', `${folder}/state/`)
    .replace('core.platform.example', '127.0.0.1:9');
  mkdirSync(join(folder, 'state'));
  const config = join(folder, 'portcullis.yaml');
  writeFileSync(config, text);
  return { folder, config };
}

function listing(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => `${file} ${statSync(file).mtimeMs}`)
    .toSorted();
}
