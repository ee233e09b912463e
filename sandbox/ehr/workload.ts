import type * as r4 from 'fhir/r4';
import type * as r4b from 'fhir/r4b';
import type * as r5 from 'fhir/r5';
import { Clinic, type ResourceChange } from './clinic.ts';
import type { Mix } from './mix.ts';
import { STEADY_MIX } from './mix.ts';
import { prose } from './narrative.ts';
import { backportR4 } from './notifications/backport-r4.ts';
import { backportR4b } from './notifications/backport-r4b.ts';
import { restHookPing, restHookR4 } from './notifications/rest-hook-r4.ts';
import { subscriptionR5 } from './notifications/subscription-r5.ts';
import {
  type ContentLevel,
  focusOf,
  type NotificationContent,
  type SubscriptionEvent,
} from './notifications/types.ts';
import { Random } from './random.ts';
import { R4_BUILDERS, R5_BUILDERS } from './resources/builders.ts';

export type WireFormat = 'backport-r4' | 'backport-r4b' | 'backport-r5' | 'rest-hook-r4';

/** A resource in the version a notification carries it in. */
export interface FocusVersion {
  readonly focus: string;
  readonly version: number;
}

/** One webhook before it is signed. */
export interface Notification {
  /** What a retry repeats: the `webhook-id` of schemes that have one. */
  readonly id: string;
  /** The workload it comes from, and its place there, from 1. Later ones of a lane are sent only after earlier ones. */
  readonly lane: string;
  readonly sequence: number;
  readonly kind: 'handshake' | 'heartbeat' | 'event-notification' | 'resource' | 'deletion' | 'ping';
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Appended to the endpoint, with its slash; empty for none. */
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  /** Resources it carries in full, in their order. */
  readonly foci: readonly FocusVersion[];
}

export interface WorkloadOptions {
  readonly format: WireFormat;
  /** Decides every choice; workloads of one source need different seeds, or they repeat each other's ids. */
  readonly seed: string;
  readonly lane: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly mix?: Partial<Mix>;
  readonly baseUrl?: string;
}

/** An endless series of notifications of one subscription (or of one R4 rest-hook). */
export interface Workload {
  readonly lane: string;
  next(): Notification;
}

type Wire = Pick<Notification, 'kind' | 'method' | 'path' | 'body' | 'foci'>;

export function createWorkload(options: WorkloadOptions): Workload {
  const mix = { ...STEADY_MIX, ...options.mix };
  const random = new Random(`workload ${options.seed}`);
  const next = wireSeries(options, mix, random);
  let sequence = 0;
  return {
    lane: options.lane,
    next() {
      sequence += 1;
      const wire = next();
      const contentType = wire.body.length > 0 ? 'application/fhir+json' : undefined;
      return {
        id: `msg_${random.uuid().replaceAll('-', '')}`,
        lane: options.lane,
        sequence,
        contentType,
        ...wire,
      };
    },
  };
}

function wireSeries(options: WorkloadOptions, mix: Mix, random: Random): () => Wire {
  const clinic = { seed: options.seed, now: options.now, ...mix };
  switch (options.format) {
    case 'rest-hook-r4':
      return restHooks(new Clinic(R4_BUILDERS, clinic), mix, random);
    case 'backport-r4':
      return subscription(new Clinic(R4_BUILDERS, clinic), backportR4, options, mix, random);
    case 'backport-r4b':
      return subscription(new Clinic(R4_BUILDERS, clinic), asR4b, options, mix, random);
    case 'backport-r5':
      return subscription(new Clinic(R5_BUILDERS, clinic), subscriptionR5, options, mix, random);
  }
}

/** The resource types used here have the same JSON form in R4 and R4B. */
function asR4b(content: NotificationContent<r4.FhirResource>): r4b.Bundle<r4b.FhirResource> {
  return backportR4b(content as NotificationContent<r4b.FhirResource>);
}

function restHooks(clinic: Clinic<r4.FhirResource>, mix: Mix, random: Random): () => Wire {
  return () => {
    if (random.chance(mix.pingShare)) return { ...restHookPing(), body: Buffer.alloc(0), foci: [] };
    const change = clinic.nextChange();
    const hook = restHookR4(change, random.chance(mix.putShare) ? 'PUT' : 'POST');
    const body = hook.resource === undefined ? Buffer.alloc(0) : serialize(hook.resource, mix, random);
    return { kind: hook.kind, method: hook.method, path: hook.path, body, foci: fociOf([change]) };
  };
}

function subscription<Resource extends r4.FhirResource | r5.FhirResource>(
  clinic: Clinic<Resource>,
  bundle: (content: NotificationContent<Resource>) => object,
  options: WorkloadOptions,
  mix: Mix,
  random: Random,
): () => Wire {
  const baseUrl = options.baseUrl ?? 'https://ehr.example/fhir';
  const handle = { id: `sub-${random.uuid()}`, topic: 'https://ehr.example/topics/chart-change', baseUrl };
  let counted = 0;
  let first = true;
  return () => {
    const kind =
      first && mix.handshakeFirst
        ? 'handshake'
        : random.chance(mix.heartbeatShare)
          ? 'heartbeat'
          : 'event-notification';
    first = false;
    const content = kind === 'event-notification' ? random.weighted<ContentLevel>(mix.content) : 'empty';
    const events = kind === 'event-notification' ? nextEvents(clinic, counted, mix, random) : [];
    counted += events.length;
    const told = { id: random.uuid(), statusId: random.uuid(), at: new Date(options.now()).toISOString() };
    const body = serialize(
      bundle({ ...told, kind, content, subscription: handle, eventsSinceStart: counted, events }),
      mix,
      random,
    );
    const foci = content === 'full-resource' ? fociOf(events.map((event) => event.change)) : [];
    return { kind, method: 'POST', path: '', body, foci };
  };
}

function nextEvents<Resource>(
  clinic: Clinic<Resource>,
  counted: number,
  mix: Mix,
  random: Random,
): SubscriptionEvent<Resource>[] {
  const count = random.chance(mix.batchShare) ? random.integer(2, mix.largestBatch) : 1;
  return Array.from({ length: count }, (_, index) => ({
    number: counted + index + 1,
    change: clinic.nextChange(),
  }));
}

function fociOf(changes: readonly ResourceChange<unknown>[]): FocusVersion[] {
  return changes
    .filter((change) => change.resource !== undefined)
    .map((change) => ({ focus: focusOf(change), version: change.version }));
}

/** JSON bytes; where they are fewer than the mix asks for, filled up with a long tag in `meta`. */
function serialize(resource: object, mix: Mix, random: Random): Buffer {
  const plain = JSON.stringify(resource);
  const missing = mix.targetBytes - Buffer.byteLength(plain);
  if (missing <= 0) return Buffer.from(plain);
  return Buffer.from(padded(resource, plain, missing, random));
}

function padded(resource: object, plain: string, missing: number, random: Random): string {
  const meta = 'meta' in resource && typeof resource.meta === 'object' ? resource.meta : {};
  const withTag = (display: string) =>
    JSON.stringify({
      ...resource,
      meta: { ...meta, tag: [{ system: 'https://ehr.example/tags', display }] },
    });
  const frame = Buffer.byteLength(withTag('')) - Buffer.byteLength(plain);
  // Prose holds no character that JSON escapes, so its bytes count one to one.
  return missing > frame ? withTag(prose(random, missing - frame)) : plain;
}
