import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readStages } from './support/dockerfile.ts';
import { REPOSITORY, runProgram, temporaryFolder } from './support/program.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly command?: readonly string[];
  readonly secrets?: readonly string[];
  readonly configs?: readonly { readonly source: string }[];
  readonly volumes?: readonly string[];
  readonly networks: readonly string[] | Readonly<Record<string, unknown>>;
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose = parse(readFileSync(join(REPOSITORY, 'docker-compose.yml'), 'utf8'), {
  merge: true,
}) as Compose;
const services = Object.entries(compose.services);

function networksOf({ networks }: Service): readonly string[] {
  return Array.isArray(networks) ? networks : Object.keys(networks);
}

test('every service is without rights it does not need', () => {
  for (const [name, service] of services) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.match(service.user ?? '', /PORTCULLIS_UID/, name);
  }
});

test('every image is pinned to a release, and own ones are stages of the Dockerfile', () => {
  const targets = new Set(readStages().map(({ name }) => name));
  for (const [name, { image, build }] of services) {
    assert.match(image, /:\d+\.\d+(?:\.\d+)?(?:-[a-z]+)?$/, name);
    if (build !== undefined) assert.ok(targets.has(build.target), name);
  }
});

test('what is not made by make-compose-secrets is in the repository, and what is made is made', () => {
  const folder = temporaryFolder();
  const made = runProgram(process.execPath, [join(REPOSITORY, 'scripts/make-compose-secrets.mjs'), folder]);
  assert.equal(made.status, 0, made.stderr);
  assert.match(readFileSync(join(folder, '.env'), 'utf8'), /^PORTCULLIS_UID=[1-9]\d*$/m);
  for (const [name, { file }] of Object.entries(compose.secrets)) {
    const path = file.replace('./var/compose/', `${folder}/`);
    assert.notEqual(path, file, name);
    assert.equal(statSync(path).mode & 0o077, 0, file);
  }
  for (const { file } of Object.values(compose.configs)) assert.ok(existsSync(join(REPOSITORY, file)), file);
  const mounted = services.flatMap(([, { volumes = [] }]) =>
    volumes.map((volume) => volume.split(':')[0] ?? ''),
  );
  for (const source of mounted) {
    if (source.startsWith('./')) assert.ok(existsSync(join(REPOSITORY, source)), source);
    else assert.ok(source in compose.volumes, source);
  }
});

test('make-compose-secrets leaves what is there alone', () => {
  const folder = temporaryFolder();
  const script = [join(REPOSITORY, 'scripts/make-compose-secrets.mjs'), folder];
  assert.equal(runProgram(process.execPath, script).status, 0);
  const master = readFileSync(join(folder, 'secrets/master.key'), 'utf8');
  assert.equal(runProgram(process.execPath, script).status, 0);
  assert.equal(readFileSync(join(folder, 'secrets/master.key'), 'utf8'), master);
});

test('every secret and network that a service names is declared, and every secret is used', () => {
  const used = new Set(services.flatMap(([, { secrets = [] }]) => secrets));
  assert.deepEqual([...used].toSorted(), Object.keys(compose.secrets).toSorted());
  for (const [name, service] of services) {
    for (const network of networksOf(service)) assert.ok(network in compose.networks, `${name}: ${network}`);
    for (const { source } of service.configs ?? []) assert.ok(source in compose.configs, name);
  }
});

test('each file of /run/secrets that is asked for is mounted', () => {
  const config = readFileSync(join(REPOSITORY, 'config/production.example.yaml'), 'utf8').replaceAll(
    /^\s*#.*$/gm,
    '',
  );
  const identity = readFileSync(join(REPOSITORY, 'nginx/site/identity.conf'), 'utf8');
  const asked: Readonly<Record<string, string>> = { gateway: config, nginx: identity };
  for (const [name, { secrets = [], environment = {}, command = [] }] of services) {
    const text = [asked[name] ?? '', ...Object.values(environment), ...command].join('\n');
    const wanted = [...text.matchAll(/\/run\/secrets\/([\w.-]+\w)/g)].map(([, file]) => file ?? '');
    assert.deepEqual(new Set(wanted), new Set(secrets), name);
  }
});

test('the gateway has a network to the core platform only, nginx alone is published, to this machine', () => {
  for (const [name, service] of services) {
    const outward = networksOf(service).filter((network) => compose.networks[network]?.internal !== true);
    assert.deepEqual(outward, name === 'nginx' ? ['published'] : [], name);
    for (const port of service.ports ?? [])
      assert.ok(name === 'nginx' && port.startsWith('127.0.0.1:'), port);
  }
  assert.deepEqual(networksOf(compose.services.gateway as Service), ['core']);
});

test('services start in order, each after those it needs are healthy', () => {
  const healthy = new Set(services.filter(([, { healthcheck }]) => healthcheck).map(([name]) => name));
  healthy.add('gateway'); // its image brings the check
  for (const [name, { depends_on = {} }] of services) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      assert.equal(condition, 'service_healthy', name);
      assert.ok(healthy.has(other), `${name} waits for ${other}`);
    }
  }
});

test('PostgreSQL and Redis, which this version does not use, start only when asked for', () => {
  for (const name of ['postgres', 'redis'])
    assert.deepEqual(compose.services[name]?.profiles, ['distributed']);
  assert.equal(services.filter(([, { profiles }]) => profiles !== undefined).length, 2);
});

test('programs that services run are in the repository', () => {
  for (const [, { command = [] }] of services) {
    const program = command.find((word) => word.endsWith('.ts'));
    if (program !== undefined) assert.ok(existsSync(join(REPOSITORY, program)), program);
  }
});
