import { REFUSALS, type RefusalCode } from './refusal.ts';

export const PROBLEM_JSON = 'application/problem+json';

/** Problem details (RFC 9457 §3) of a refusal; `code` is an extension member with the stable code. */
export function problem(code: RefusalCode, requestId?: string): string {
  const { status, title } = REFUSALS[code];
  return JSON.stringify({ type: 'about:blank', title, status, code, requestId });
}
