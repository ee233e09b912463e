import type { Request, RequestHandler, Response } from 'express';
import { send } from '../answer.ts';
import type { Readiness } from '../ports.ts';

/** The process answers. */
export function liveRoute(): RequestHandler {
  return (request, response) => sendJson(request, response, 200, { status: 'live' });
}

/** 200 while traffic should be sent here, else 503; the reasons are stable codes. */
export function readyRoute(readiness: () => Readiness): RequestHandler {
  return (request, response) => {
    const { ready, reasons, warnings } = readiness();
    sendJson(request, response, ready ? 200 : 503, {
      status: ready ? 'ready' : 'unready',
      reasons,
      warnings,
    });
  };
}

function sendJson(request: Request, response: Response, status: number, value: object): void {
  request.exchange.outcome = 'answered';
  send(request, response, {
    status,
    headers: ['content-type', 'application/json'],
    body: JSON.stringify(value),
  });
}
