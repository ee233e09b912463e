import type { RequestHandler } from 'express';
import { HttpRefusal, type RefusalCode } from './refusal.ts';

/**
 * Refuses requests whose framing another server could read differently (RFC 9112 §6.3, §11.2). The parser already
 * refuses most of them; this does not depend on its strictness, nor on it keeping every header line.
 */
export function guardFraming(maxHeaderPairs: number): RequestHandler {
  return (request, _response, next) => {
    const fault = framingFault(request.rawHeaders, request.httpVersionMinor, maxHeaderPairs);
    if (fault === undefined) next();
    else next(new HttpRefusal(fault));
  };
}

/** @param rawHeaders names and values in turn. @returns why the request must be refused, if it must. */
export function framingFault(
  rawHeaders: readonly string[],
  httpVersionMinor: number,
  maxHeaderPairs: number,
): RefusalCode | undefined {
  if (rawHeaders.length >= 2 * maxHeaderPairs) return 'headers-too-large';
  let hosts = 0;
  let lengths = 0;
  let codings = 0;
  let coding = 'chunked';
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (isNamed(name, 'host')) hosts += 1;
    else if (isNamed(name, 'content-length')) lengths += 1;
    else if (isNamed(name, 'transfer-encoding')) {
      codings += 1;
      coding = rawHeaders[at + 1] ?? '';
    }
  }
  if (hosts > 1 || (hosts === 0 && httpVersionMinor >= 1)) return 'host-invalid';
  if (lengths + codings > 1) return 'framing-ambiguous';
  return coding.toLowerCase() === 'chunked' ? undefined : 'transfer-encoding-unsupported';
}

/** Compares lengths first: most header names differ there, and lower-casing each would cost more than the rest. */
function isNamed(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && name.toLowerCase() === lowerCase;
}
