import type { ServerResponse } from 'node:http';
import type { EventHeaders } from './event-headers.ts';

/** A delivery whose signature and headers are in order, before it is answered. */
export interface IncomingDelivery extends EventHeaders {
  readonly sha256: string;
  readonly bodyBytes: number;
  /** How many deliveries came before this one, refused ones included. */
  readonly index: number;
}

/**
 * How to answer a delivery. `reset` cuts the connection: before the event is taken, or after, so that the
 * acknowledgement is lost. Statuses other than 2xx do not take the event.
 */
export type Reaction =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly delayMs?: number;
      readonly retryAfter?: string;
    }
  | { readonly kind: 'reset'; readonly taken: boolean; readonly delayMs?: number };

/** Chooses the reaction to each delivery. A promise holds the answer back until it resolves. */
export type Behaviour = (delivery: IncomingDelivery) => Reaction | Promise<Reaction>;

export const ACCEPT: Reaction = { kind: 'answer', status: 204 };

export function takesEvent(reaction: Reaction): boolean {
  return reaction.kind === 'reset' ? reaction.taken : reaction.status >= 200 && reaction.status < 300;
}

export function react(response: ServerResponse, reaction: Reaction): void {
  if (reaction.kind === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (reaction.retryAfter !== undefined) response.setHeader('retry-after', reaction.retryAfter);
  response.writeHead(reaction.status).end();
}
