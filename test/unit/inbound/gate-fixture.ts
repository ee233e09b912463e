import { createSecretKey } from 'node:crypto';
import type { AuditEntry } from '../../../src/audit/record.ts';
import { InboundGate } from '../../../src/inbound/inbound-gate.ts';
import type { InboundRequest } from '../../../src/inbound/outcome.ts';
import type { AcceptPort, AcceptResult, NewEvent, RefusalAuditPort } from '../../../src/inbound/ports.ts';
import type { SenderProfile } from '../../../src/inbound/sender-profile.ts';
import { signRequest } from '../../../src/inbound/signature/sign.ts';
import type { SignatureSettings } from '../../../src/inbound/signature/types.ts';
import type { InboundSource } from '../../../src/inbound/source.ts';
import { createEnvelopeValidator } from '../../../src/inbound/validation/envelope-validator.ts';
import { newRequestId } from '../../../src/kernel/ids.ts';
import type { SourceScope } from '../../../src/tenancy/scope.ts';
import { MERCY } from '../../support/events.ts';
import { TestClock } from '../../support/test-clock.ts';

const PROFILE: SenderProfile = {
  name: 'backport-r4',
  fhirVersion: '4.0',
  methods: ['POST'],
  contentTypes: ['application/fhir+json', 'application/json'],
  bodyForms: ['history-bundle-parameters'],
  acknowledgement: { status: 202, body: 'none' },
  numbering: 'monotonic',
  dedupe: ['signed-id', 'bundle-id', 'body'],
  retryHorizonSeconds: undefined,
};

const SIGNATURE: SignatureSettings = {
  scheme: 'standard-webhooks',
  toleranceMs: 300_000,
  keys: [
    {
      id: 'k1',
      material: { kind: 'hmac', key: createSecretKey(Buffer.alloc(32, 7)) },
      notBefore: undefined,
      notAfter: undefined,
    },
  ],
};

export const EHR: InboundSource = {
  scope: MERCY,
  profile: PROFILE,
  signature: SIGNATURE,
  validation: 'flag',
  forwardHandshakes: false,
  forwardHeartbeats: false,
};

type Refusal = { readonly scope: SourceScope | undefined; readonly entry: AuditEntry };

/** The gate with one source, and ports that note what they are told. */
export class GateFixture {
  readonly clock = new TestClock();
  readonly accepted: { scope: SourceScope; event: NewEvent }[] = [];
  readonly refusals: Refusal[] = [];
  readonly matched: string[] = [];
  wakes = 0;
  lookups = 0;
  result: AcceptResult = { kind: 'accepted' };
  journalError: Error | undefined;
  auditError: Error | undefined;
  readonly gate: InboundGate;

  constructor(changes: Partial<InboundSource> = {}) {
    const source = { ...EHR, ...changes };
    const journal: AcceptPort = {
      accept: async (scope, event) => {
        if (this.journalError !== undefined) throw this.journalError;
        this.accepted.push({ scope, event });
        return this.result;
      },
    };
    const refusals: RefusalAuditPort = {
      refused: async (refusal) => {
        if (this.auditError !== undefined) throw this.auditError;
        this.refusals.push(refusal);
      },
    };
    const find = (organization: string, id: string) =>
      organization === MERCY.organization && id === MERCY.source ? source : undefined;
    this.gate = new InboundGate({
      sources: () => {
        this.lookups += 1;
        return { find };
      },
      journal,
      refusals,
      validate: createEnvelopeValidator(),
      clock: this.clock,
      observer: {
        secretMatched: (scope, keyId, at) => {
          this.matched.push(`${scope.organization}/${scope.source} ${keyId} ${at}`);
        },
        accepted: () => {
          this.wakes += 1;
        },
      },
    });
  }

  /** A signed request; `changes` are made after signing, `headers` are added before. */
  request(
    body: Buffer,
    options: {
      readonly id?: string;
      readonly method?: string;
      readonly headers?: readonly string[];
      readonly changes?: Partial<InboundRequest>;
    } = {},
  ): InboundRequest {
    const {
      id = 'msg_1',
      method = 'POST',
      headers = ['Content-Type', 'application/fhir+json'],
      changes,
    } = options;
    const target = '/webhooks/mercy/ehr';
    const signed = signRequest({ settings: SIGNATURE, method, target, body, now: this.clock.now(), id });
    return {
      organization: MERCY.organization,
      source: MERCY.source,
      resourceType: undefined,
      resourceId: undefined,
      method,
      target,
      rawHeaders: [...headers, ...Object.entries(signed).flat()],
      body,
      requestId: newRequestId(this.clock.now()),
      traceParent: undefined,
      clientAddress: '192.0.2.7',
      ...changes,
    };
  }
}

/** A notification of the Subscriptions Backport IG on R4. */
export function notification(
  type: 'handshake' | 'heartbeat' | 'event-notification',
  id = 'bundle-1',
): Buffer {
  const at = '2026-11-22T12:00:00Z';
  const event = {
    name: 'notification-event',
    part: [
      { name: 'event-number', valueString: '1' },
      { name: 'focus', valueReference: { reference: 'Observation/o-1' } },
    ],
  };
  const parameter = [
    { name: 'subscription', valueReference: { reference: 'Subscription/s-1' } },
    { name: 'status', valueCode: type === 'handshake' ? 'requested' : 'active' },
    { name: 'type', valueCode: type },
    { name: 'events-since-subscription-start', valueString: '1' },
    ...(type === 'event-notification' ? [event] : []),
  ];
  const entry = {
    fullUrl: 'urn:uuid:0d6e7c1e-7c5f-4a53-9f6b-1f0f5e2c9d11',
    resource: { resourceType: 'Parameters', id: 'status', parameter },
    request: { method: 'GET', url: 'Subscription/s-1/$status' },
    response: { status: '200' },
  };
  return Buffer.from(
    JSON.stringify({ resourceType: 'Bundle', id, type: 'history', timestamp: at, entry: [entry] }),
  );
}
