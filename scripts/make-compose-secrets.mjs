// Makes the secrets and certificates that docker-compose.yml mounts, and the `.env` that it reads:
//   node scripts/make-compose-secrets.mjs [FOLDER]
// FOLDER is var/compose unless named; `.env` then goes into it instead of beside docker-compose.yml. What is there
// stays as it is. For development: in production secrets come from where you keep secrets.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** User of the image, for when this runs as root: containers are not to. */
const IMAGE_UID = 10_001;

const [given] = process.argv.slice(2);
const folder = resolve(given ?? join(ROOT, 'var', 'compose'));
const envFile = join(given === undefined ? ROOT : folder, '.env');
const asRoot = process.getuid?.() === 0;
const uid = asRoot ? IMAGE_UID : (process.getuid?.() ?? IMAGE_UID);

const webhookSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const password = () => randomBytes(24).toString('base64url');

const SECRETS = {
  'master.key': () => randomBytes(32).toString('base64'),
  'audit.pem': () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).trimEnd(),
  'sidecar.secret': () => randomBytes(32).toString('hex'),
  'core.secret': webhookSecret,
  'mercy-ehr.k1.secret': webhookSecret,
  'mercy-ehr.k2.secret': webhookSecret,
  'postgres.password': password,
  'redis.conf': () =>
    ['bind *', 'dir /data', 'save ""', 'appendonly no', `requirepass ${password()}`].join('\n'),
};

makeSecrets(join(folder, 'secrets'));
makeCertificates(join(folder, 'certs'));
if (!existsSync(envFile)) {
  writeFileSync(
    envFile,
    `# Owner of the secret files: the user that containers run as.\nPORTCULLIS_UID=${uid}\n`,
  );
}
process.stdout.write(`secrets and certificates are in ${folder}, owned by user ${uid}\n`);

function makeSecrets(place) {
  mkdirSync(place, { recursive: true, mode: 0o700 });
  for (const [name, make] of Object.entries(SECRETS)) {
    const path = join(place, name);
    if (!existsSync(path)) writeFileSync(path, `${make()}\n`, { mode: 0o400, flag: 'wx' });
  }
  own(place);
}

function makeCertificates(place) {
  const { status } = spawnSync(join(ROOT, 'certs', 'make-dev-certs'), [place], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  own(place);
}

/** As root, hands the files to the user of the image: a secret that others may read would be refused. */
function own(place) {
  if (!asRoot) return;
  for (const name of ['.', ...readdirSync(place)]) chownSync(join(place, name), uid, uid);
}
