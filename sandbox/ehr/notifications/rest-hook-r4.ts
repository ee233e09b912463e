import type * as r4 from 'fhir/r4';
import type { ResourceChange } from '../clinic.ts';
import { focusOf } from './types.ts';

/** How a server sends R4 rest-hooks: all to the endpoint, or each to `{endpoint}/{Type}/{id}`. */
export type RestHookVerb = 'POST' | 'PUT';

export interface RestHook {
  readonly kind: 'resource' | 'deletion' | 'ping';
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Appended to the endpoint, with its slash; empty for none. */
  readonly path: string;
  /** Undefined for an empty body. */
  readonly resource: r4.FhirResource | undefined;
}

/** An R4 rest-hook with payload: the resource itself; a deletion is `DELETE {Type}/{id}` without a body. */
export function restHookR4(change: ResourceChange<r4.FhirResource>, verb: RestHookVerb): RestHook {
  const path = `/${focusOf(change)}`;
  if (change.resource === undefined) return { kind: 'deletion', method: 'DELETE', path, resource: undefined };
  return { kind: 'resource', method: verb, path: verb === 'PUT' ? path : '', resource: change.resource };
}

/** An R4 rest-hook without payload: an empty POST that says only that something changed. */
export function restHookPing(): RestHook {
  return { kind: 'ping', method: 'POST', path: '', resource: undefined };
}
