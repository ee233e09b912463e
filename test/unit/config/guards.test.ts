import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFile } from '../../../src/config/environment.ts';
import { type Workspace, workspace, yaml } from './fixture.ts';

/** What each condition of the process is called, and whether development lets it pass without a word. */
const CONDITIONS: readonly {
  readonly name: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly execArgv?: string[];
  readonly code: string;
  readonly path: string;
  readonly silentInDevelopment?: boolean;
}[] = [
  {
    name: 'TLS checks switched off',
    variables: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    code: 'tls-checks-off',
    path: 'NODE_TLS_REJECT_UNAUTHORIZED',
  },
  {
    name: 'a lenient parser on the command line',
    execArgv: ['--insecure-http-parser'],
    code: 'lenient-http-parser',
    path: 'execArgv',
  },
  {
    name: 'a lenient parser with underscores',
    execArgv: ['--insecure_http_parser'],
    code: 'lenient-http-parser',
    path: 'execArgv',
  },
  {
    name: 'a lenient parser in NODE_OPTIONS',
    variables: { NODE_OPTIONS: '--enable-source-maps "--insecure-http-parser"' },
    code: 'lenient-http-parser',
    path: 'NODE_OPTIONS',
  },
  ...['--inspect', '--inspect=0.0.0.0:9229', '--inspect-brk', '--inspect-wait', '--inspect-port=1'].map(
    (option) => ({
      name: option,
      execArgv: [option],
      code: 'debugger-open',
      path: 'execArgv',
      silentInDevelopment: true,
    }),
  ),
  {
    name: 'a debugger in NODE_OPTIONS',
    variables: { NODE_OPTIONS: '--inspect=127.0.0.1' },
    code: 'debugger-open',
    path: 'NODE_OPTIONS',
    silentInDevelopment: true,
  },
  {
    name: 'TLS secrets written to a file',
    execArgv: ['--tls-keylog=/tmp/keys'],
    code: 'tls-secrets-logged',
    path: 'execArgv',
  },
  { name: 'obsolete TLS', execArgv: ['--tls-min-v1.0'], code: 'tls-version-old', path: 'execArgv' },
  {
    name: 'a security fix taken back',
    execArgv: ['--security-revert=CVE-2023-46809'],
    code: 'security-fix-reverted',
    path: 'execArgv',
  },
];

for (const condition of CONDITIONS) {
  test(`production refuses ${condition.name}`, async (t) => {
    const space = await workspace(t);
    Object.assign(space.variables, condition.variables);
    space.execArgv = condition.execArgv ?? [];
    const production = await outcome(space, 'production');
    assert.deepEqual(production, [`error ${condition.code} ${condition.path}`]);
    const development = await outcome(space, 'development');
    const warning = `warning ${condition.code} ${condition.path}`;
    assert.deepEqual(development, condition.silentInDevelopment === true ? [] : [warning]);
  });
}

test('harmless options pass in production', async (t) => {
  const space = await workspace(t);
  space.execArgv = [
    '--enable-source-maps',
    '--max-old-space-size=256',
    '--no-warnings',
    '--require',
    './inspect',
  ];
  space.variables.NODE_OPTIONS = ' --max-http-header-size=16384 ';
  space.variables.NODE_TLS_REJECT_UNAUTHORIZED = '1';
  assert.deepEqual(await outcome(space, 'production'), []);
});

test('a Node.js older than 24 is refused everywhere, one without security fixes in production', async (t) => {
  const space = await workspace(t);
  for (const [version, production, development] of [
    ['20.20.2', 'error', 'error'],
    ['23.11.0', 'error', 'error'],
    ['24.0.0', 'error', 'warning'],
    ['24.18.0', 'error', 'warning'],
    ['24.18.1', undefined, undefined],
    ['24.21.0', undefined, undefined],
    ['26.5.0', 'error', 'warning'],
    ['26.5.1', undefined, undefined],
    ['28.0.0', undefined, undefined],
  ] as const) {
    space.nodeVersion = version;
    const expected = (severity: string | undefined) => (severity ? [`${severity} node-too-old Node.js`] : []);
    assert.deepEqual(await outcome(space, 'production'), expected(production), version);
    assert.deepEqual(await outcome(space, 'development'), expected(development), version);
  }
});

test('production sends events over https, unless to this machine', async (t) => {
  const space = await workspace(t);
  const codes = async (url: string, profile = 'production') => {
    const core = `{ url: "${url}", signingSecret: { file: keys/core.secret } }`;
    return (await space.problems(yaml({ core, profile }))).map(({ code, path }) => `${code} ${path}`);
  };
  for (const url of [
    'https://core.example/',
    'http://127.0.0.1:1/',
    'http://127.9.9.9/',
    'http://localhost/',
    'http://[::1]:9/',
  ]) {
    assert.deepEqual(await codes(url), [], url);
  }
  for (const url of [
    'http://core.example/',
    'http://10.0.0.1/',
    'http://127.0.0.1.example/',
    'http://localhost.example/',
  ]) {
    assert.deepEqual(await codes(url), ['url-unencrypted core.url'], url);
    assert.deepEqual(await codes(url, 'development'), [], url);
  }
  assert.deepEqual(await codes('https://gw:s3cret@core.example/', 'development'), [
    'url-credentials core.url',
  ]);
  assert.deepEqual(await codes('https://[core/', 'development'), ['wrong-value core.url']);
});

test('the file named on the command line goes before the variable, and that before the default', () => {
  const environment = { variables: {}, execArgv: [], nodeVersion: '24.21.0', workingDirectory: '/srv/gw' };
  const named = { ...environment, variables: { PORTCULLIS_CONFIG: 'b.yaml' } };
  assert.equal(configFile(environment), '/srv/gw/config/portcullis.yaml');
  assert.equal(configFile(named), '/srv/gw/b.yaml');
  assert.equal(configFile(named, '/etc/a.yaml'), '/etc/a.yaml');
});

async function outcome(space: Workspace, profile: string): Promise<readonly string[]> {
  const problems = await space.problems(yaml({ profile }));
  return problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}
