import type { BodyForm } from '../sender-profile.ts';
import type { FindingList } from './finding-list.ts';
import { asString, isJsonObject, itemsOf, type JsonObject } from './json.ts';
import type { StatusView } from './status-view.ts';

/** Validates what was opened and read; findings are added to the list. It never throws. */
export type EnvelopeValidator = (
  envelope: Envelope,
  status: StatusView | undefined,
  findings: FindingList,
) => void;

/** A parsed body, its parts found. Paths are FHIRPath-like, from the root of the body. */
export type Envelope =
  | { readonly kind: 'nothing'; readonly form: 'empty' | 'json' }
  | { readonly kind: 'json'; readonly form: 'json'; readonly value: JsonObject }
  | ResourceEnvelope
  | BundleEnvelope;

/** A resource alone; `status` where it is a subscription status that should have come in a Bundle. */
export interface ResourceEnvelope {
  readonly kind: 'resource';
  readonly form: 'resource';
  readonly resource: JsonObject;
  readonly path: string;
  readonly status: LocatedStatus | undefined;
}

/** A notification Bundle; for `message-bundle` the Bundle inside the message, where there is one. */
export interface BundleEnvelope {
  readonly kind: 'bundle';
  readonly form: Extract<BodyForm, `${string}-bundle${string}` | 'subscription-notification'>;
  readonly bundle: JsonObject;
  readonly path: string;
  readonly entries: readonly unknown[];
  readonly status: LocatedStatus | undefined;
}

/** The subscription status of a notification: R4 `Parameters`, or `SubscriptionStatus` from R4B on. */
export interface LocatedStatus {
  readonly shape: 'parameters' | 'subscription-status';
  readonly resource: JsonObject;
  readonly index: number;
  readonly path: string;
}

/** Tells which form a parsed JSON body has. */
export function openEnvelope(value: unknown): Envelope {
  if (!isJsonObject(value)) return { kind: 'nothing', form: 'json' };
  const type = value.resourceType;
  if (type === undefined) return openObject(value);
  if (type === 'Bundle') return openBundle(value, 'Bundle');
  // Not the type's own name: it comes from the body, and paths hold nothing of the body.
  const path = 'Resource';
  const shape = statusShape(value);
  const status = shape === undefined ? undefined : { shape, resource: value, index: 0, path };
  return { kind: 'resource', form: 'resource', resource: value, path, status };
}

function openObject(value: JsonObject): Envelope {
  for (const _ in value) return { kind: 'json', form: 'json', value };
  return { kind: 'nothing', form: 'empty' };
}

function openBundle(bundle: JsonObject, path: string): Envelope {
  if (bundle.type === 'message') return openMessage(bundle, path);
  const entries = itemsOf(bundle.entry);
  const status = locateStatus(bundle, entries, path);
  const form = bundleForm(bundle.type, status);
  if (form === undefined)
    return { kind: 'resource', form: 'resource', resource: bundle, path, status: undefined };
  return { kind: 'bundle', form, bundle, path, entries, status };
}

/** A notification wrapped in a FHIR message: its Bundle is an entry of the message (R5 §3.2.7.6). */
function openMessage(message: JsonObject, path: string): BundleEnvelope {
  const entries = itemsOf(message.entry);
  for (const [index, entry] of entries.entries()) {
    const inner = isJsonObject(entry) ? entry.resource : undefined;
    if (!isJsonObject(inner) || inner.resourceType !== 'Bundle' || inner.type === 'message') continue;
    const opened = openBundle(inner, `${path}.entry[${index}].resource`);
    if (opened.kind === 'bundle') return { ...opened, form: 'message-bundle' };
  }
  return { kind: 'bundle', form: 'message-bundle', bundle: message, path, entries, status: undefined };
}

function bundleForm(type: unknown, status: LocatedStatus | undefined): BundleEnvelope['form'] | undefined {
  if (type === 'subscription-notification') return 'subscription-notification';
  if (type === 'transaction' || type === 'batch') return 'transaction-bundle';
  if (status !== undefined) {
    return status.shape === 'parameters' ? 'history-bundle-parameters' : 'history-bundle-status';
  }
  return type === 'history' ? 'history-bundle-status' : undefined;
}

/** First entry by rule (bdl-13, backport-notification-bundle-1); elsewhere too where the Bundle must be a notification. */
function locateStatus(
  bundle: JsonObject,
  entries: readonly unknown[],
  path: string,
): LocatedStatus | undefined {
  const anywhere = bundle.type === 'history' || bundle.type === 'subscription-notification';
  const last = anywhere ? entries.length : Math.min(1, entries.length);
  for (let index = 0; index < last; index++) {
    const entry = entries[index];
    const resource = isJsonObject(entry) ? entry.resource : undefined;
    if (!isJsonObject(resource)) continue;
    const shape = statusShape(resource);
    if (shape !== undefined) return { shape, resource, index, path: `${path}.entry[${index}].resource` };
  }
  return undefined;
}

/** Vendors send their own status types, such as `AidboxSubscriptionStatus`, with the elements of the standard one. */
function statusShape(resource: JsonObject): LocatedStatus['shape'] | undefined {
  const type = asString(resource.resourceType);
  if (type === 'Parameters') return holdsStatus(resource) ? 'parameters' : undefined;
  return type?.endsWith('SubscriptionStatus') ? 'subscription-status' : undefined;
}

function holdsStatus(parameters: JsonObject): boolean {
  return itemsOf(parameters.parameter).some(
    (parameter) =>
      isJsonObject(parameter) && (parameter.name === 'subscription' || parameter.name === 'type'),
  );
}
