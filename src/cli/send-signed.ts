import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { EXIT, type Terminal } from './command.ts';
import type { SignedHttpRequest } from './commands/sign.ts';

const TIMEOUT_MS = 10_000;

/** Sends a signed request and prints the answer. @returns 0 for a 2xx, else 1. @throws Error when there is no answer. */
export async function sendSigned(
  signed: SignedHttpRequest,
  asJson: boolean,
  terminal: Terminal,
): Promise<number> {
  const answer = await exchange(signed);
  const body = answer.body.toString('utf8');
  if (asJson) {
    terminal.out(JSON.stringify({ status: answer.status, headers: answer.headers, body }));
  } else {
    const shown = [
      'portcullis-event-id',
      'portcullis-duplicate',
      'x-request-id',
      'retry-after',
      'content-type',
    ];
    const lines = shown.flatMap((name) =>
      answer.headers[name] === undefined ? [] : [`${name}: ${answer.headers[name]}`],
    );
    terminal.out([`HTTP ${answer.status}`, ...lines, '', body].join('\n').trimEnd());
  }
  return answer.status >= 200 && answer.status < 300 ? EXIT.ok : EXIT.problem;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

function exchange({ method, url, headers, body }: SignedHttpRequest): Promise<Answer> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method,
      headers: { ...headers, 'content-length': body.length },
      timeout: TIMEOUT_MS,
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
    request.on('response', (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes }),
        reject,
      );
    });
    request.end(body);
  });
}
