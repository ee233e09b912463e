import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PRODUCT_VERSION } from '../../../src/version.ts';
import { type ConfigurationOptions, configureFolder } from '../../support/configured-folder.ts';
import { FakeTerminal } from '../../support/fake-terminal.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';

const COMMANDS = [
  'serve',
  'check',
  'sign',
  'token',
  'events list',
  'events show',
  'events replay',
  'audit verify',
  'keys rotate',
];
const EVENT = '0199f1c0-0000-7000-8000-000000000000';

async function terminalIn(t: TestContext, options: ConfigurationOptions = {}): Promise<FakeTerminal> {
  const { environment, file } = await configureFolder(await scratchFolder(t), options);
  return new FakeTerminal({
    ...environment,
    variables: { ...environment.variables, PORTCULLIS_CONFIG: file },
  });
}

test('--help, -h and help list every command; none at all is a usage error that does so, too', async (t) => {
  const terminal = await terminalIn(t);
  for (const argv of [['--help'], ['-h'], ['help'], []]) {
    const { exit, out } = await terminal.run(...argv);
    assert.equal(exit, argv.length === 0 ? 64 : 0);
    for (const command of COMMANDS) assert.match(out, new RegExp(`^ {2}${command} +\\S`, 'm'));
  }
});

for (const command of COMMANDS) {
  test(`${command} --help teaches: usage, every option, an example`, async (t) => {
    const terminal = await terminalIn(t);
    for (const flag of ['--help', '-h']) {
      const { exit, out, errors } = await terminal.run(...command.split(' '), flag, '--nonsense');
      assert.equal(exit, 0);
      assert.equal(errors, '');
      assert.ok(out.startsWith(`Usage: portcullis ${command} `));
      assert.match(out, new RegExp(`^ {2}portcullis ${command}`, 'm'), 'an example');
    }
  });

  test(`${command} with an option nobody knows is a usage error`, async (t) => {
    const { exit, out, errors } = await (await terminalIn(t)).run(...command.split(' '), '--nonsense');
    assert.equal(exit, 64);
    assert.equal(out, '');
    assert.match(errors, /^portcullis .*'--nonsense'/);
    assert.match(errors, new RegExp(`\nUsage: portcullis ${command} `));
  });
}

test('--version is the version', async (t) => {
  const { exit, out } = await (await terminalIn(t)).run('--version');
  assert.deepEqual([exit, out], [0, PRODUCT_VERSION]);
});

test('an unknown command is a usage error that names those it may have been', async (t) => {
  const terminal = await terminalIn(t);
  const group = await terminal.run('events', 'purge');
  assert.equal(group.exit, 64);
  assert.match(group.errors, /"events purge"; known: events list, events show, events replay$/);
  const unknown = await terminal.run('frobnicate');
  assert.equal(unknown.exit, 64);
  for (const command of COMMANDS) assert.ok(unknown.errors.includes(command));
});

/** Command lines that are wrong, and what the message must name. */
const WRONG: readonly (readonly [string, RegExp])[] = [
  ['sign', /--org/],
  ['sign --org Mercy --source ehr', /--org/],
  ['sign --org mercy', /--source/],
  ['sign --org mercy --source nobody', /no source mercy\/nobody/],
  ['sign --org mercy --source ehr --url nonsense', /--url/],
  ['sign --org mercy --source ehr --body not-there.json', /--body/],
  ['sign --org mercy --source ehr --private-key not-there.pem', /cannot be read/],
  ['token --org mercy', /--sub/],
  ['token --org mercy --sub u --ttl 901', /--ttl/],
  ['token --org mercy --sub u --ttl 0', /--ttl/],
  ['token --org mercy --sub u --ttl 1.5', /--ttl/],
  ['token --org mercy --sub u --issuer https://nobody.example', /issuer/],
  ['events list', /--org/],
  ['events list --org mercy --state sleeping', /--state: malformed/],
  ['events list --org mercy --from yesterday --to today', /--from: malformed; --to: malformed/],
  ['events list --org mercy --patient Group/1', /--patient: malformed/],
  ['events list --org mercy --limit -1', /limit/],
  ['events list --org mercy --before last', /--before/],
  ['events list --org mercy stray', /stray/],
  ['events show --org mercy', /one event/],
  [`events show --org mercy ${EVENT} ${EVENT}`, /one event/],
  [`events show ${EVENT}`, /--org/],
  ['events replay --org mercy', /--state dead/],
  ['events replay --org mercy nonsense', /event ids: malformed/],
  ['audit verify --org ../mercy', /--org/],
  ['keys rotate', /--org/],
  ['keys rotate --org nobody', /no organization nobody/],
];

for (const [line, told] of WRONG) {
  test(`"${line}" is a usage error that says what is wrong`, async (t) => {
    const terminal = await terminalIn(t);
    await terminal.run('check');
    const { exit, out, errors } = await terminal.run(...line.split(' '));
    assert.equal(exit, 64, errors);
    assert.equal(out, '');
    assert.match(errors, told);
    assert.match(errors, /\nUsage: portcullis /);
  });
}

const READERS = [
  'serve',
  'sign --org mercy --source ehr',
  'token --org mercy --sub u',
  'events list --org mercy',
  `events show ${EVENT} --org mercy`,
  'events replay --org mercy --state dead',
  'audit verify',
  'keys rotate --org mercy',
];

for (const line of READERS) {
  test(`"${line}" with a configuration that is refused exits 78 and lists all problems`, async (t) => {
    const folder = await scratchFolder(t);
    const { environment, file } = await configureFolder(folder);
    await writeFile(file, 'profile: production\nkeys: { maste: { file: k } }\ncore: { url: 7 }\n');
    const terminal = new FakeTerminal(environment);
    const { exit, out, errors } = await terminal.run(...line.split(' '), '--config', file);
    assert.equal(exit, 78);
    assert.equal(out, '');
    for (const path of ['keys.maste', 'core.url', 'core.signingSecret'])
      assert.ok(errors.includes(path), errors);
    const missing = await terminal.run(...line.split(' '), '--config', join(folder, 'none.yaml'));
    assert.equal(missing.exit, 78);
  });
}

test('a journal that was never made is a failure that says so', async (t) => {
  const terminal = await terminalIn(t);
  await terminal.run('check');
  for (const line of READERS.slice(3)) {
    const { exit, errors } = await terminal.run(...line.split(' '));
    assert.equal(exit, 70, line);
    assert.match(errors, /\[journal-missing\]$/);
  }
});
