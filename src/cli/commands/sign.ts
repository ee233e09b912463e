import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigSnapshot } from '../../config/types.ts';
import { signRequest } from '../../inbound/signature/sign.ts';
import { parseSigningKey } from '../../inbound/signature/signing-key.ts';
import type { InboundSource } from '../../inbound/source.ts';
import { errorMessage } from '../../kernel/errors.ts';
import { parseCommandLine, requireOrganization, requireSource } from '../arguments.ts';
import { type Command, EXIT, type Terminal, UsageError } from '../command.ts';
import { loadWithDevelopmentKeys } from '../configured.ts';
import { sampleNotification } from '../sample-notification.ts';
import { sendSigned } from '../send-signed.ts';

const OPTIONS = {
  config: { type: 'string' },
  org: { type: 'string' },
  source: { type: 'string' },
  body: { type: 'string' },
  url: { type: 'string' },
  method: { type: 'string' },
  'content-type': { type: 'string' },
  secret: { type: 'string' },
  'private-key': { type: 'string' },
  id: { type: 'string' },
  send: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const sign: Command = {
  name: 'sign',
  summary: 'sign a webhook as a source would, and print it as curl or send it',
  usage: '--org ID --source ID [--config FILE] [--body FILE] [--url URL] [--secret ID] [--send] [--json]',
  help: `
Signs a request with the secret of a source, exactly as its configured scheme asks, and prints a curl command that sends
it. Without --body it signs a small notification of its own making; --body - reads standard input, byte for byte.
The URL is made from http.listen unless --url names another (a base, or a whole webhook URL).

  --send               send it and print the answer; exit status 0 for a 2xx, 1 otherwise
  --secret ID          sign with this one of the source's secrets (default: the first that is valid now)
  --private-key FILE   the sender's Ed25519 key, where the source is configured with a public key only
  --id ID              delivery id, for schemes that have one (default: a new one)
  --method, --content-type   other than POST and application/fhir+json
  --json               print method, url, headers and body (base64), or the answer, as JSON

  portcullis sign --org mercy --source ehr
  portcullis sign --org mercy --source ehr --body notification.json --send`,

  async run(argv, terminal) {
    const { values } = parseCommandLine(argv, OPTIONS);
    const organization = requireOrganization(values.org);
    const sourceId = requireSource(values.source);
    const { snapshot } = await loadWithDevelopmentKeys(terminal, values.config);
    const source = snapshot.sources.find(organization, sourceId);
    if (source === undefined)
      throw new UsageError(`the configuration has no source ${organization}/${sourceId}`);
    const request = signed(values, source, snapshot, terminal);
    if (values.send === true) return sendSigned(request, values.json === true, terminal);
    if (values.json === true)
      terminal.out(JSON.stringify({ ...request, body: request.body.toString('base64') }));
    else terminal.out(curlCommand(request, values.body, terminal));
    return EXIT.ok;
  },
};

export interface SignedHttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

type Values = Readonly<Partial<Record<Exclude<keyof typeof OPTIONS, 'send' | 'json'>, string>>>;

function signed(
  values: Values,
  source: InboundSource,
  snapshot: ConfigSnapshot,
  terminal: Terminal,
): SignedHttpRequest {
  const now = terminal.clock.now();
  const body =
    values.body === undefined ? sampleNotification(source.profile, now) : readBody(values.body, terminal);
  const url = webhookUrl(values.url, source, snapshot);
  const method = (values.method ?? 'POST').toUpperCase();
  const own = {
    host: url.host,
    'content-type': values['content-type'] ?? 'application/fhir+json',
    date: new Date(now).toUTCString(),
  };
  const signature = signRequest({
    settings: source.signature,
    keyId: values.secret,
    method,
    target: url.pathname + url.search,
    body,
    now,
    id: values.id ?? `msg_${randomUUID()}`,
    headers: own,
    privateKey: privateKey(values['private-key'], terminal),
  });
  return {
    method,
    url: url.href,
    headers: { 'content-type': own['content-type'], date: own.date, ...signature },
    body,
  };
}

function readBody(path: string, terminal: Terminal): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : resolve(terminal.environment.workingDirectory, path));
  } catch (error) {
    throw new UsageError(`--body cannot be read: ${errorMessage(error)}`);
  }
}

function privateKey(path: string | undefined, terminal: Terminal) {
  if (path === undefined) return undefined;
  const key = parseSigningKey(readBody(path, terminal).toString('utf8').trim());
  if (key === undefined)
    throw new UsageError('--private-key needs a file with whsk_… or a PEM Ed25519 private key');
  return key;
}

function webhookUrl(given: string | undefined, source: InboundSource, { config }: ConfigSnapshot): URL {
  const path = `/webhooks/${source.scope.organization}/${source.scope.source}`;
  const { listen } = config.http;
  const base = given ?? ('socket' in listen ? undefined : `http://${hostInUrl(listen.host)}:${listen.port}`);
  if (base === undefined)
    throw new UsageError('the gateway listens on a unix socket: say where to send with --url');
  if (!URL.canParse(base)) throw new UsageError('--url needs a whole URL, such as http://127.0.0.1:8080');
  const url = new URL(base);
  if (url.pathname === '/' || url.pathname === '') url.pathname = path;
  return url;
}

/** An IPv6 address stands in brackets (RFC 3986 §3.2.2). */
function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function curlCommand(request: SignedHttpRequest, bodyFile: string | undefined, terminal: Terminal): string {
  const headers = Object.entries(request.headers).map(
    ([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\`,
  );
  const fromFile = bodyFile !== undefined && bodyFile !== '-';
  const data = fromFile
    ? `@${resolve(terminal.environment.workingDirectory, bodyFile)}`
    : asArgument(request.body);
  return [
    `curl -i -X ${request.method} ${quoted(request.url)} \\`,
    ...headers,
    `  --data-binary ${quoted(data)}`,
  ].join('\n');
}

/** A body as text of a command line, to the byte; curl takes a leading `@` for the name of a file. */
function asArgument(body: Buffer): string {
  const text = body.toString('utf8');
  if (Buffer.from(text).equals(body) && !text.includes('\0') && !text.startsWith('@')) return text;
  throw new UsageError(
    'this body cannot stand on a command line: name a file with --body, or use --send or --json',
  );
}

/** Quoted for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
