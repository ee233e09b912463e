import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import express, { type RequestHandler } from 'express';

/**
 * The least one could write with Express 5: the HMAC of the raw body is checked, the same small answer is given, and
 * nothing is stored. A process of its own. Arguments: port, secret, `key-object` or `string`.
 */
const [port, secret = '', keyForm] = process.argv.slice(2);

const ANSWER = '{"resourceType":"Bundle","type":"transaction-response"}';
const PREFIX = 'sha256=';
const key = keyForm === 'key-object' ? createSecretKey(Buffer.from(secret)) : secret;

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.post('/webhooks/mercy/ehr', express.raw({ type: () => true, limit: '1mb' }), takeWebhook(key));
app.listen(Number(port), '127.0.0.1');

function takeWebhook(hmacKey: KeyObject | string): RequestHandler {
  return (request, response) => {
    const header = request.get('x-hub-signature-256') ?? '';
    if (!isSigned(request.body as Buffer, header, hmacKey)) {
      response.status(401).end();
      return;
    }
    response.setHeader('content-type', 'application/fhir+json');
    response.end(ANSWER);
  };
}

function isSigned(body: Buffer, header: string, hmacKey: KeyObject | string): boolean {
  const expected = createHmac('sha256', hmacKey).update(body).digest();
  const given = Buffer.from(header.slice(PREFIX.length), 'hex');
  return header.startsWith(PREFIX) && given.length === expected.length && timingSafeEqual(given, expected);
}
