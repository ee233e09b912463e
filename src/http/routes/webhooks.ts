import type { Request, RequestHandler, Response } from 'express';
import type { InboundOutcome, InboundRequest } from '../../inbound/outcome.ts';
import { send, sendRefusal } from '../answer.ts';
import { WEBHOOK_ROUTE } from '../exchange.ts';
import { inboundAnswer, isProven } from '../inbound-answer.ts';
import type { InboundPort } from '../ports.ts';
import type { BodyReader } from '../raw-body.ts';
import { HttpRefusal } from '../refusal.ts';

export const WEBHOOK_PATHS = [WEBHOOK_ROUTE, `${WEBHOOK_ROUTE}/:type/:id`];

/** Methods some sender profile takes. Which one a source takes is said only after authentication. */
const METHODS = ['POST', 'PUT', 'DELETE'];
const ALLOW = ['allow', METHODS.join(', ')];
const IDENTITY_ONLY = ['accept-encoding', 'identity'];

/** Takes a webhook: size and coding first, the same for everyone, then the inbound flow decides. */
export function webhookRoute(inbound: InboundPort, bodies: BodyReader): RequestHandler {
  return async (request, response) => {
    const { exchange } = request;
    exchange.route = WEBHOOK_ROUTE;
    if (!METHODS.includes(request.method)) return sendRefusal(request, response, 'method-not-allowed', ALLOW);
    refuseContentCoding(request);
    bodies.checkAnnouncedLength(request);
    inviteBody(request, response);
    const body = await bodies.read(request);
    exchange.bodyBytes = body.length;
    const outcome = await inbound.receive(inboundRequest(request, body));
    noteOutcome(request, outcome);
    send(request, response, inboundAnswer(outcome));
  };
}

/** A signature is over the bytes as sent; inflating strangers' bodies would only be a way to exhaust memory. */
function refuseContentCoding(request: Request): void {
  const coding = request.headers['content-encoding'];
  if (coding === undefined || coding.toLowerCase() === 'identity') return;
  throw new HttpRefusal('content-encoding-unsupported', IDENTITY_ONLY);
}

/** `Expect: 100-continue` (RFC 9110 §10.1.1): only a request that nothing speaks against is told to go on. */
function inviteBody(request: Request, response: Response): void {
  const expectation = request.headers.expect;
  if (expectation === undefined || request.httpVersionMinor === 0) return;
  if (expectation.toLowerCase() !== '100-continue') throw new HttpRefusal('expectation-unsupported');
  response.writeContinue();
}

function inboundRequest(request: Request, body: Buffer): InboundRequest {
  const { params, exchange } = request;
  return {
    organization: parameter(params.org) ?? '',
    source: parameter(params.source) ?? '',
    resourceType: parameter(params.type),
    resourceId: parameter(params.id),
    method: request.method,
    target: request.originalUrl,
    rawHeaders: request.rawHeaders,
    body,
    requestId: exchange.requestId,
    traceParent: exchange.traceParent,
    clientAddress: request.socket.remoteAddress,
  };
}

function parameter(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function noteOutcome(request: Request, outcome: InboundOutcome): void {
  const { exchange } = request;
  exchange.outcome = outcome.kind;
  if ('eventId' in outcome) exchange.eventId = outcome.eventId;
  if (!isProven(outcome)) return;
  const { org, source } = request.params;
  exchange.source = { organization: parameter(org) ?? '', source: parameter(source) ?? '' };
}
