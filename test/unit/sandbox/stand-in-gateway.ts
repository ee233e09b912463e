/**
 * The smallest program that the demo takes for the gateway: in memory, no journal, one delivery at a time.
 * `--misbehave=NAME` before the command breaks one promise, so that tests can see the demo notice.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';
import { Webhook } from 'standardwebhooks';

interface Config {
  readonly http: { readonly listen: { readonly port: number } };
  readonly journal: { readonly path: string };
  readonly core: { readonly url: string; readonly signingSecret: { readonly value: string } };
  readonly organizations: readonly {
    readonly id: string;
    readonly sources: readonly {
      readonly id: string;
      readonly signature: {
        readonly scheme: string;
        readonly secrets: readonly { readonly value: string }[];
      };
    }[];
  }[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string' },
    json: { type: 'boolean' },
    misbehave: { type: 'string', default: '' },
  },
});
const config = JSON.parse(readFileSync(values.config ?? '', 'utf8')) as Config;
const countsFile = `${config.journal.path}.counts`;
const { misbehave } = values;

if (positionals[0] === 'audit') verifyAudit();
else serve();

function verifyAudit(): void {
  const counts = Object.entries(JSON.parse(readFileSync(countsFile, 'utf8')) as Record<string, number>);
  const chains = counts.map(([organization, records]) => ({ organization, kind: 'intact', records }));
  process.stdout.write(`${JSON.stringify({ chains })}\n`);
  process.exitCode = misbehave === 'altered-audit' ? 1 : 0;
}

function serve(): void {
  const known = new Map<string, { id: string; sha: string }>();
  const records = new Map<string, number>();
  const official = new Webhook(config.core.signingSecret.value);
  let accepted = 0;
  let queue = Promise.resolve();

  const server = http.createServer(async (request, response) => {
    if (request.url === '/health/ready') return response.writeHead(200).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, , org = '', source = '', type, id] = (request.url ?? '').split('/');
    if (!authentic(org, source, request.headers, body) && misbehave !== 'take-forged')
      return response.writeHead(401).end();
    const sha = createHash('sha256').update(body).digest('hex');
    const identity = identify(request.headers, body);
    const before = identity === undefined ? undefined : known.get(`${org}/${source} ${identity}`);
    if (before !== undefined && before.sha !== sha) return response.writeHead(409).end();
    if (before !== undefined && misbehave !== 'forget-duplicates') {
      return response
        .writeHead(200, { 'portcullis-event-id': before.id, 'portcullis-duplicate': 'true' })
        .end();
    }
    accepted += 1;
    const eventId = uuidV7();
    const sequence = (records.get(org) ?? 0) + 1;
    records.set(org, sequence);
    if (identity !== undefined) known.set(`${org}/${source} ${identity}`, { id: eventId, sha });
    if (!isKept(body) && !(misbehave === 'lose' && accepted % 20 === 0)) {
      const subject = type === undefined ? undefined : `${type}/${id}`;
      queue = queue.then(() => forward({ org, source, eventId, sequence, body, subject }));
    }
    return response.writeHead(200, { 'portcullis-event-id': eventId }).end();
  });

  function forward(event: {
    org: string;
    source: string;
    eventId: string;
    sequence: number;
    body: Buffer;
    subject: string | undefined;
  }): Promise<void> {
    const body = misbehave === 'alter' ? Buffer.concat([event.body, Buffer.from(' ')]) : event.body;
    const now = new Date();
    const headers = {
      'content-type': 'application/fhir+json',
      'ce-specversion': '1.0',
      'ce-id': event.eventId,
      'ce-source': `/organizations/${event.org}/sources/${event.source}`,
      'ce-type': 'fhir.notification.event',
      'ce-time': now.toISOString(),
      'ce-organization': event.org,
      'ce-fhirversion': '4.0',
      'ce-attempt': '1',
      'ce-replay': 'false',
      'ce-auditseq': String(event.sequence),
      'ce-audithash': createHash('sha256').update(event.eventId).digest('hex'),
      'ce-validation': 'valid',
      'x-request-id': event.eventId,
      'webhook-id': event.eventId,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': official.sign(event.eventId, now, misbehave === 'sign-badly' ? 'other' : body),
      ...(event.subject === undefined ? {} : { 'ce-subject': event.subject }),
    };
    return new Promise((resolve) => {
      const outgoing = http.request(config.core.url, { method: 'POST', headers }, (answer) => {
        answer.on('end', resolve).resume();
      });
      outgoing.on('error', () => resolve()).end(body);
    });
  }

  server.listen(config.http.listen.port, '127.0.0.1');
  process.on('SIGTERM', () => {
    writeFileSync(countsFile, JSON.stringify(Object.fromEntries(records)));
    process.exit(misbehave === 'end-badly' ? 3 : 0);
  });
}

function authentic(org: string, source: string, headers: http.IncomingHttpHeaders, body: Buffer): boolean {
  const found = config.organizations.find((one) => one.id === org)?.sources.find((one) => one.id === source);
  const secret = found?.signature.secrets[0]?.value ?? '';
  if (found?.signature.scheme === 'websub') {
    return headers['x-hub-signature'] === `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  }
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

function identify(headers: http.IncomingHttpHeaders, body: Buffer): string | undefined {
  if (typeof headers['webhook-id'] === 'string') return headers['webhook-id'];
  if (body.length === 0) return undefined;
  const resource = JSON.parse(body.toString()) as {
    resourceType: string;
    id: string;
    meta: { versionId: string };
  };
  return `${resource.resourceType}/${resource.id}/${resource.meta.versionId}`;
}

function isKept(body: Buffer): boolean {
  return /"(handshake|heartbeat)"/.test(body.toString());
}

function uuidV7(): string {
  const hex = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
