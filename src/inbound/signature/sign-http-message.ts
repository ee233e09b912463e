import { type InnerList, type Item, parseItem, serializeInnerList } from 'structured-headers';
import { GatewayError } from '../../kernel/errors.ts';
import { contentDigest } from './content-digest.ts';
import type { HttpMessageSettings } from './http-message-signatures.ts';
import type { SignatureHeaders, Signer, SigningInput } from './sign.ts';
import { signatureBase } from './signature-base.ts';

/** Content-Digest, Signature-Input and Signature (RFC 9421 §3.1) that cover the required components. */
export function signHttpMessage(
  input: SigningInput,
  settings: HttpMessageSettings,
  keyId: string,
  seconds: number,
  make: Signer,
): SignatureHeaders {
  const digest = contentDigest(input.body);
  const covered = new Set([...settings.requiredComponents, 'content-digest']);
  const parameters = new Map<string, number | string>([
    ['created', seconds],
    ['keyid', keyId],
  ]);
  const list: InnerList = [[...covered].map(componentItem), parameters];
  const sent = { ...input.headers, 'content-digest': digest };
  const head = { method: input.method, target: input.target, rawHeaders: Object.entries(sent).flat() };
  const base = signatureBase(head, list, settings.publicScheme ?? 'https');
  if (typeof base === 'string') {
    throw new GatewayError(
      'signing-component-missing',
      'refuse',
      `a component to be covered is not there: ${base}`,
    );
  }
  return {
    'content-digest': digest,
    'signature-input': `sig1=${serializeInnerList(list)}`,
    signature: `sig1=:${make([base.text], 'sha256').toString('base64')}:`,
  };
}

/** `@query-param;name="id"` of a configuration as a component identifier. */
function componentItem(component: string): Item {
  const end = component.indexOf(';');
  const name = end === -1 ? component : component.slice(0, end);
  return parseItem(`"${name}"${component.slice(name.length)}`);
}
