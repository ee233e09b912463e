import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withOtherContent } from '../../../sandbox/ehr/intents.ts';
import { HOSPITAL_MIX, type Mix } from '../../../sandbox/ehr/mix.ts';
import type { ContentLevel } from '../../../sandbox/ehr/notifications/types.ts';
import { createWorkload, type Notification, type WireFormat } from '../../../sandbox/ehr/workload.ts';

const BASE = 'https://ehr.example/fhir';
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Part {
  readonly name: string;
  readonly valueReference?: { readonly reference: string };
  readonly valueCanonical?: string;
  readonly valueCode?: string;
  readonly valueString?: string;
  readonly valueInstant?: string;
  readonly part?: readonly Part[];
}

/** The union of what the wire formats may hold, as loosely as a receiver would read it. */
interface Bundle {
  readonly resourceType: string;
  readonly id: string;
  readonly type: string;
  readonly total?: number;
  readonly timestamp: string;
  readonly meta?: { readonly versionId?: string };
  readonly entry: readonly Entry[];
}

interface Entry {
  readonly fullUrl: string;
  readonly resource?: Resource;
  readonly request: { readonly method: string; readonly url: string };
  readonly response?: { readonly status: string };
}

interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly parameter?: readonly Part[];
  readonly status?: string;
  readonly type?: string;
  readonly subscription?: { readonly reference: string };
  readonly topic?: string;
  readonly eventsSinceSubscriptionStart?: string;
  readonly notificationEvent?: readonly {
    readonly eventNumber: string;
    readonly timestamp: string;
    readonly focus?: { readonly reference: string };
  }[];
}

function take(count: number, format: WireFormat, mix: Partial<Mix>): Notification[] {
  const workload = createWorkload({
    format,
    seed: 'forms',
    lane: 'lane',
    now: () => Date.UTC(2026, 0, 1),
    mix,
  });
  return Array.from({ length: count }, () => workload.next());
}

const bundles = (count: number, format: WireFormat, mix: Partial<Mix>): Bundle[] =>
  take(count, format, mix).map(({ body }) => JSON.parse(body.toString()) as Bundle);

const only = (level: ContentLevel): Partial<Mix> => ({ content: { [level]: 1 }, batchShare: 0.5 });

interface StatusRead {
  readonly status: string | undefined;
  readonly type: string | undefined;
  readonly subscription: string | undefined;
  readonly topic: string | undefined;
  readonly since: string | undefined;
  readonly events: readonly {
    readonly number: string | undefined;
    readonly at: string | undefined;
    readonly focus: string | undefined;
  }[];
}

/** What status resource and counters say, in one form for all three wire formats. */
function readStatus(bundle: Bundle): StatusRead {
  const status = bundle.entry[0]?.resource;
  assert.ok(status);
  return status.resourceType === 'Parameters'
    ? readParameters(status.parameter ?? [])
    : readStatusResource(status);
}

function readStatusResource(status: Resource): StatusRead {
  return {
    status: status.status,
    type: status.type,
    subscription: status.subscription?.reference,
    topic: status.topic,
    since: status.eventsSinceSubscriptionStart,
    events: (status.notificationEvent ?? []).map(({ eventNumber, timestamp, focus }) => ({
      number: eventNumber,
      at: timestamp,
      focus: focus?.reference,
    })),
  };
}

function readParameters(parameters: readonly Part[]): StatusRead {
  const named = (parts: readonly Part[] | undefined, name: string) => parts?.find((one) => one.name === name);
  return {
    status: named(parameters, 'status')?.valueCode,
    type: named(parameters, 'type')?.valueCode,
    subscription: named(parameters, 'subscription')?.valueReference?.reference,
    topic: named(parameters, 'topic')?.valueCanonical,
    since: named(parameters, 'events-since-subscription-start')?.valueString,
    events: parameters
      .filter(({ name }) => name === 'notification-event')
      .map(({ part }) => ({
        number: named(part, 'event-number')?.valueString,
        at: named(part, 'timestamp')?.valueInstant,
        focus: named(part, 'focus')?.valueReference?.reference,
      })),
  };
}

const BUNDLED = [
  ['backport-r4', 'history', 'Parameters'],
  ['backport-r4b', 'history', 'SubscriptionStatus'],
  ['backport-r5', 'subscription-notification', 'SubscriptionStatus'],
] as const;

for (const [format, bundleType, statusType] of BUNDLED) {
  test(`${format}: a ${bundleType} Bundle with ${statusType} first`, () => {
    for (const bundle of bundles(100, format, HOSPITAL_MIX)) {
      assert.equal(bundle.resourceType, 'Bundle');
      assert.equal(bundle.type, bundleType);
      assert.equal(bundle.total, undefined);
      assert.match(bundle.timestamp, INSTANT);
      const [first, ...rest] = bundle.entry;
      assert.ok(first);
      assert.equal(first.resource?.resourceType, statusType);
      assert.equal(first.fullUrl, `urn:uuid:${first.resource?.id}`);
      assert.deepEqual(first.request, { method: 'GET', url: `${readStatus(bundle).subscription}/$status` });
      for (const entry of rest)
        assert.ok(entry.fullUrl.startsWith(`${BASE}/`) && entry.request.method !== '');
    }
  });

  test(`${format}: counters are strings that count events alone and never skip`, () => {
    let counted = 0;
    for (const bundle of bundles(300, format, HOSPITAL_MIX)) {
      const { type, status, since, events, topic } = readStatus(bundle);
      assert.equal(topic, 'https://ehr.example/topics/chart-change');
      if (type !== 'event-notification') assert.deepEqual(events, []);
      assert.equal(status, type === 'handshake' ? 'requested' : 'active');
      for (const event of events) {
        counted += 1;
        assert.equal(event.number, String(counted));
        assert.match(event.at ?? '', INSTANT);
      }
      assert.equal(since, String(counted));
    }
    assert.ok(counted > 250);
  });

  test(`${format}: begins with one handshake, then heartbeats among events`, () => {
    const types = bundles(300, format, HOSPITAL_MIX).map((bundle) => readStatus(bundle).type);
    assert.equal(types[0], 'handshake');
    assert.equal(types.lastIndexOf('handshake'), 0);
    assert.ok(types.includes('heartbeat') && types.includes('event-notification'));
  });

  test(`${format}: empty content names no focus and carries no entries`, () => {
    for (const bundle of bundles(30, format, only('empty'))) {
      const { events } = readStatus(bundle);
      assert.ok(events.length > 0 && events.every((event) => event.focus === undefined));
      assert.equal(bundle.entry.length, 1);
    }
  });

  test(`${format}: id-only content names every focus and carries no resource`, () => {
    for (const bundle of bundles(30, format, only('id-only'))) {
      const { events } = readStatus(bundle);
      const [, ...entries] = bundle.entry;
      assert.deepEqual(
        entries.map((entry) => entry.fullUrl),
        events.map((event) => `${BASE}/${event.focus}`),
      );
      assert.ok(entries.every((entry) => entry.resource === undefined));
    }
  });

  test(`${format}: full-resource content carries every focus; a deletion has no resource`, () => {
    let deletions = 0;
    for (const bundle of bundles(300, format, { ...only('full-resource'), deletionShare: 0.1 })) {
      const { events } = readStatus(bundle);
      const [, ...entries] = bundle.entry;
      assert.equal(entries.length, events.length);
      entries.forEach((entry, index) => {
        assert.equal(entry.fullUrl, `${BASE}/${events[index]?.focus}`);
        if (entry.request.method === 'DELETE') deletions += 1;
        const held =
          entry.resource === undefined ? undefined : `${entry.resource.resourceType}/${entry.resource.id}`;
        assert.equal(held, entry.request.method === 'DELETE' ? undefined : events[index]?.focus);
      });
    }
    assert.ok(deletions > 0);
  });

  test(`${format}: several events in one notification`, () => {
    const sizes = bundles(100, format, only('full-resource')).map(
      (bundle) => readStatus(bundle).events.length,
    );
    assert.equal(Math.min(...sizes), 1);
    assert.equal(Math.max(...sizes), 4);
  });

  test(`${format}: entry.response is ${format === 'backport-r5' ? 'absent' : 'present in every entry'}`, () => {
    for (const bundle of bundles(50, format, HOSPITAL_MIX)) {
      for (const entry of bundle.entry) assert.equal('response' in entry, format !== 'backport-r5');
    }
  });
}

test('rest-hook-r4: POST to the endpoint, PUT and DELETE to {Type}/{id}, pings without a body', () => {
  const seen = new Set<string>();
  for (const { kind, method, path, body, contentType } of take(600, 'rest-hook-r4', {
    ...HOSPITAL_MIX,
    pingShare: 0.1,
  })) {
    seen.add(`${kind} ${method}`);
    assert.equal(contentType, body.length > 0 ? 'application/fhir+json' : undefined);
    if (kind !== 'resource') {
      assert.equal(body.length, 0);
      assert.equal(kind === 'deletion', /^\/[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.test(path));
      continue;
    }
    const { resourceType, id } = JSON.parse(body.toString()) as Bundle;
    assert.equal(path, method === 'PUT' ? `/${resourceType}/${id}` : '');
  }
  assert.deepEqual(seen, new Set(['resource POST', 'resource PUT', 'deletion DELETE', 'ping POST']));
});

for (const format of ['backport-r4', 'backport-r5', 'rest-hook-r4'] as const) {
  test(`${format}: other content under the same id differs in its bytes and in nothing that names it`, () => {
    const [original] = take(1, format, {});
    assert.ok(original);
    const other = withOtherContent(original);
    assert.ok(other);
    assert.equal(other.id, original.id);
    assert.notDeepEqual(other.body, original.body);
    const [before, after] = [original, other].map(({ body }) => JSON.parse(body.toString()) as Bundle);
    assert.equal(after?.id, before?.id);
    assert.equal(after?.meta?.versionId, before?.meta?.versionId);
  });
}

test('there is no other content for an empty body', () => {
  const [ping] = take(1, 'rest-hook-r4', { pingShare: 1 });
  assert.ok(ping);
  assert.equal(withOtherContent(ping), undefined);
});
