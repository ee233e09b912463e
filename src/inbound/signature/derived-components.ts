import { pathOf } from './custom-template.ts';
import { REPEATED, singleHeader } from './raw-headers.ts';
import type { SignatureRefusal, SignedRequest } from './types.ts';

/** The request line and the header fields, which is all that a signature base is made from. */
export type RequestHead = Pick<SignedRequest, 'method' | 'target' | 'rawHeaders'>;

/** Scheme of the URL the sender posted to. TLS ends at the sidecar, so it cannot be read off the connection. */
export type PublicScheme = 'https' | 'http';

/** A component's value, or why it cannot be taken. */
export type ComponentValue = { readonly value: string } | SignatureRefusal;

const DEFAULT_PORT: Readonly<Record<PublicScheme, string>> = { https: ':443', http: ':80' };

/** The value of a derived component without parameters (RFC 9421 §2.2). */
export function derivedValue(name: string, head: RequestHead, scheme: PublicScheme): ComponentValue {
  if (name === '@method') return { value: head.method };
  if (name === '@request-target') return { value: head.target };
  if (name === '@scheme') return { value: scheme };
  if (name === '@authority') return authority(head, scheme);
  // The others need the origin form of the target; absolute form would name a host beside the Host header.
  if (!head.target.startsWith('/')) return 'component-unsupported';
  if (name === '@path') return { value: pathOf(head.target) };
  if (name === '@query') return { value: `?${queryOf(head.target)}` };
  if (name === '@target-uri') return targetUri(head, scheme);
  return 'component-unsupported';
}

/**
 * The value of `@query-param` (RFC 9421 §2.2.8). A parameter that occurs twice may not be signed by name, as the two
 * could be swapped or told apart differently.
 *
 * @param encodedName the `name` parameter of the component identifier
 */
export function queryParamValue(encodedName: string, target: string): ComponentValue {
  let found: string | undefined;
  for (const [name, value] of new URLSearchParams(queryOf(target))) {
    if (formEncode(name) !== encodedName) continue;
    if (found !== undefined) return 'component-unsupported';
    found = formEncode(value);
  }
  return found === undefined ? 'component-missing' : { value: found };
}

function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? '' : target.slice(mark + 1);
}

/** Host, in lower case and without the default port of the scheme (RFC 9421 §2.2.3). */
function authority(head: RequestHead, scheme: PublicScheme): ComponentValue {
  const host = singleHeader(head.rawHeaders, 'host');
  if (host === undefined || host === '') return 'component-missing';
  if (host === REPEATED) return 'component-unsupported';
  const lower = host.toLowerCase();
  const port = DEFAULT_PORT[scheme];
  return { value: lower.endsWith(port) ? lower.slice(0, -port.length) : lower };
}

function targetUri(head: RequestHead, scheme: PublicScheme): ComponentValue {
  const host = authority(head, scheme);
  return typeof host === 'string' ? host : { value: `${scheme}://${host.value}${head.target}` };
}

/** The application/x-www-form-urlencoded percent-encode set, with a space as `%20` (URL Standard §5.2). */
function formEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
