import { type InnerList, type Item, serializeInnerList, serializeItem } from 'structured-headers';
import {
  type ComponentValue,
  derivedValue,
  type PublicScheme,
  queryParamValue,
  type RequestHead,
} from './derived-components.ts';
import { combinedHeader } from './raw-headers.ts';
import type { SignatureRefusal } from './types.ts';

export interface SignatureBase {
  /** What is signed; its characters are bytes (ISO 8859-1), as header text is. */
  readonly text: string;
  /** Covered components as a configuration names them: `@method`, `content-digest`, `@query-param;name="id"`. */
  readonly covered: ReadonlySet<string>;
}

const DERIVED_NAME = /^@[a-z-]+$/;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** A line break in a value would let one component pose as two. */
const LINE_BREAK = /[\r\n]/;

/**
 * The signature base of a request (RFC 9421 §2.5), for the covered components and parameters of one Signature-Input
 * member.
 *
 * Refused as unsupported are components of responses and the parameters `sf`, `key`, `bs`, `tr` and `req`: no known
 * sender of webhooks uses them, and an approximation of them would be worse than a refusal.
 */
export function signatureBase(
  head: RequestHead,
  input: InnerList,
  scheme: PublicScheme,
): SignatureBase | SignatureRefusal {
  const covered = new Set<string>();
  let text = '';
  for (const component of input[0]) {
    const name = componentName(component);
    if (name === undefined) return 'signature-malformed';
    const identifier = serializeItem(component);
    const plain = identifier.replace(/^"([^"]*)"/, '$1');
    if (covered.has(plain)) return 'signature-malformed';
    covered.add(plain);
    const found = componentValue(name, component, head, scheme);
    if (typeof found === 'string') return found;
    if (LINE_BREAK.test(found.value)) return 'signature-malformed';
    text += `${identifier}: ${found.value}\n`;
  }
  return { text: `${text}"@signature-params": ${serializeInnerList(input)}`, covered };
}

function componentName(component: Item): string | undefined {
  const name = component[0];
  if (typeof name !== 'string' || name === '@signature-params') return undefined;
  return DERIVED_NAME.test(name) || FIELD_NAME.test(name) ? name : undefined;
}

function componentValue(
  name: string,
  component: Item,
  head: RequestHead,
  scheme: PublicScheme,
): ComponentValue {
  const parameters = component[1];
  if (name === '@query-param') {
    const parameter = parameters.get('name');
    if (parameters.size !== 1 || typeof parameter !== 'string') return 'component-unsupported';
    return queryParamValue(parameter, head.target);
  }
  if (parameters.size > 0) return 'component-unsupported';
  if (name.startsWith('@')) return derivedValue(name, head, scheme);
  const value = combinedHeader(head.rawHeaders, name);
  return value === undefined ? 'component-missing' : { value };
}
