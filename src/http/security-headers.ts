import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet, { type HelmetOptions } from 'helmet';
import type { HeaderList } from './refusal.ts';

/** Nothing this server answers is a document to be framed, scripted or cached. */
const OPTIONS: HelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
};

/**
 * Names and values in turn of what helmet sets with these options, and that nothing may be cached. They are the same for
 * every answer, so helmet runs once, here, instead of setting a dozen headers one by one on the accept path.
 */
export const SECURITY_HEADERS: HeaderList = [...helmetHeaders(), 'cache-control', 'no-store'];

function helmetHeaders(): string[] {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  helmet(OPTIONS)(request, response, (error?: unknown) => {
    if (error !== undefined) throw error;
  });
  return Object.entries(response.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
}
