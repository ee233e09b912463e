import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { newAuditKey, newMasterKey, newWebhookSecret } from '../support/gateway-config.ts';
import { GatewayHome } from '../support/gateway-home.ts';
import { type CommandResult, runCommand } from '../support/gateway-process.ts';
import { SignedSource } from './support/signed-source.ts';
import { startStage } from './support/stage.ts';

const CONFIG_REFUSED = 78;
const FAILED = 70;

/** A production configuration in files; a case spoils it before the gateway is started. */
class ProductionSite {
  readonly home: GatewayHome;
  readonly variables: Record<string, string> = {};
  readonly nodeOptions: string[] = [];
  readonly config = {
    profile: 'production',
    http: { listen: { host: '127.0.0.1', port: 0 } } as Record<string, unknown>,
    journal: { engine: 'sqlite', path: '', limits: { minFreeBytes: 0 } } as Record<string, unknown>,
    coordination: { engine: 'local' },
    keys: {} as Record<string, unknown>,
    core: { url: 'https://core.example/events' } as Record<string, unknown>,
    signature: { scheme: 'standard-webhooks', toleranceSeconds: 300 } as Record<string, unknown>,
  };

  private constructor(home: GatewayHome) {
    this.home = home;
  }

  static async make(t: TestContext): Promise<ProductionSite> {
    const home = await GatewayHome.make(t);
    const site = new ProductionSite(home);
    site.config.journal.path = home.journal;
    const { config } = site;
    config.keys.master = await site.file('m.key', newMasterKey());
    config.keys.auditSigning = await site.file('a.pem', newAuditKey());
    config.core.signingSecret = await site.file('core.secret', newWebhookSecret());
    config.signature.secrets = [{ id: 'k1', ...(await site.file('ehr.secret', newWebhookSecret())) }];
    return site;
  }

  async file(name: string, text: string, mode = 0o400): Promise<{ file: string }> {
    const file = this.home.path(`${name}.${mode}`);
    await writeFile(file, text);
    await chmod(file, mode);
    return { file };
  }

  async serve(): Promise<CommandResult> {
    const { signature, ...rest } = this.config;
    const source = { id: 'ehr', profile: 'backport-r4', signature };
    const config = { ...rest, organizations: [{ id: 'mercy', sources: [source] }] };
    await writeFile(this.home.configFile, JSON.stringify(config, undefined, 2));
    const { variables, nodeOptions } = this;
    return runCommand(['serve', '--config', this.home.configFile], { variables, nodeOptions });
  }
}

type Spoil = (site: ProductionSite) => void | Promise<void>;

/** What is wrong → the code that says so. */
const CASES: Readonly<Record<string, readonly [code: string, spoil: Spoil]>> = {
  'no master key': [
    'secret-missing',
    ({ config, home }) => {
      config.keys.master = { file: home.path('nowhere.key') };
    },
  ],
  'a secret in the file': [
    'secret-inline',
    ({ config }) => {
      config.core.signingSecret = { value: newWebhookSecret() };
    },
  ],
  'a master key of zeros': [
    'key-zero',
    async (site) => {
      site.config.keys.master = await site.file('zero.key', Buffer.alloc(32).toString('base64'));
    },
  ],
  'a short master key': [
    'key-malformed',
    async (site) => {
      site.config.keys.master = await site.file('short.key', Buffer.alloc(16, 7).toString('base64'));
    },
  ],
  'a published sample': [
    'key-sample',
    async (site) => {
      const sample = await site.file('sample.secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
      site.config.signature.secrets = [{ id: 'k1', ...sample }];
    },
  ],
  'one key for two purposes': [
    'key-used-twice',
    ({ config }) => {
      config.signature.secrets = [{ id: 'k1', ...(config.core.signingSecret as object) }];
    },
  ],
  'a key file that others may read': [
    'secret-file-open',
    async (site) => {
      site.config.keys.master = await site.file('open.key', newMasterKey(), 0o644);
    },
  ],
  'an environment variable that is not set': [
    'secret-missing',
    ({ config }) => {
      config.core.signingSecret = { env: 'PORTCULLIS_TEST_NOT_SET' };
    },
  ],
  'a core platform without TLS': [
    '',
    ({ config }) => {
      config.core.url = 'http://core.example/events';
    },
  ],
  'an hour of tolerance': [
    '',
    ({ config }) => {
      config.signature.toleranceSeconds = 3_600;
    },
  ],
  'an unknown key': [
    'unknown-key',
    ({ config }) => {
      config.http.maxBodyByte = 1;
    },
  ],
  'TLS checks switched off': [
    'tls-checks-off',
    ({ variables }) => {
      variables.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    },
  ],
  'a lenient HTTP parser': [
    'lenient-http-parser',
    ({ nodeOptions }) => void nodeOptions.push('--insecure-http-parser'),
  ],
  'an open debugger': ['debugger-open', ({ nodeOptions }) => void nodeOptions.push('--inspect=127.0.0.1:0')],
};

for (const [what, [code, spoil]] of Object.entries(CASES)) {
  test(`production refuses to start: ${what}`, async (t) => {
    const site = await ProductionSite.make(t);
    await spoil(site);
    const { code: status, stderr, stdout } = await site.serve();
    assert.equal(status, CONFIG_REFUSED, stderr);
    assert.ok(stderr.includes(`[${code}`), `${code} in ${stderr}`);
    assert.match(stderr, /remedy/);
    assert.match(stderr, /\n1 error, 0 warnings\n/);
    assert.equal(stdout.length, 0);
  });
}

test('production lists every problem at once', async (t) => {
  const site = await ProductionSite.make(t);
  site.config.keys.master = await site.file('zero.key', Buffer.alloc(32).toString('base64'), 0o644);
  site.config.core.url = 'http://core.example/events';
  site.config.signature.secrets = [{ id: 'k1', value: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }];
  site.variables.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  site.nodeOptions.push('--insecure-http-parser');
  const { code, stderr } = await site.serve();
  assert.equal(code, CONFIG_REFUSED);
  const codes = ['key-zero', 'secret-file-open', 'secret-inline', 'tls-checks-off', 'lenient-http-parser'];
  for (const expected of codes) assert.ok(stderr.includes(`[${expected}]`), `${expected} in ${stderr}`);
  assert.match(stderr, /core\.url/);
  assert.match(stderr, /\n6 errors, 0 warnings\n/);
  assert.ok(!stderr.includes('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), 'no secret is quoted');
});

test('a sound production configuration starts', async (t) => {
  const site = await ProductionSite.make(t);
  site.config.core.url = 'http://127.0.0.1:9/events';
  const { signature, ...rest } = site.config;
  const organizations = [{ id: 'mercy', sources: [{ id: 'ehr', profile: 'backport-r4', signature }] }];
  await writeFile(site.home.configFile, JSON.stringify({ ...rest, organizations }));
  const gateway = await site.home.start();
  assert.deepEqual(await gateway.stop(), { code: 0, signal: null });
});

test('another master key than the one that made the journal is refused, and changes nothing', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const { home, core } = stage;
  const [event] = await source.accepted(stage.gateway, 1);
  await core.delivery(event?.eventId ?? '');
  await stage.gateway.stop();
  await writeFile(home.path('master.key'), newMasterKey());
  home.tolerate(/key-canary-mismatch/);
  const refused = home.launch();
  assert.deepEqual(await refused.exited, { code: FAILED, signal: null });
  assert.match(refused.stderr, /key-canary-mismatch/);
  await writeFile(home.path('master.key'), home.masterKey);
  const gateway = await home.start();
  const shown = await home.run(['events', 'show', event?.eventId ?? '', '--org', 'mercy', '--payload']);
  assert.ok(shown.stdout.equals(event?.body ?? Buffer.alloc(0)));
  await gateway.stop();
});

test('a second gateway on the same journal is refused; the first goes on', async (t) => {
  const source = new SignedSource();
  const stage = await startStage(t, { organizations: source.organizations });
  const { home, core, gateway } = stage;
  home.tolerate(/journal-in-use/);
  const second = home.launch();
  assert.deepEqual(await second.exited, { code: FAILED, signal: null });
  assert.match(second.stderr, /journal-in-use/);
  for (const { eventId } of await source.accepted(gateway, 3)) await core.delivery(eventId);
});
