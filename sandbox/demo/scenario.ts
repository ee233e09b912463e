import { randomBytes } from 'node:crypto';
import { HOSPITAL_MIX } from '../ehr/mix.ts';
import type { FaultShares } from '../ehr/run.ts';
import { type Signer, standardWebhooksSigner, webSubSigner } from '../ehr/signing.ts';
import { createWorkload, type WireFormat, type Workload } from '../ehr/workload.ts';

/** One EHR of the demo. */
export interface DemoSource {
  readonly organization: string;
  readonly organizationName: string;
  readonly source: string;
  readonly format: WireFormat;
  readonly scheme: 'standard-webhooks' | 'websub';
  readonly secret: string;
  /** Part of the whole load, from 0 to 1. */
  readonly share: number;
  /** Workloads side by side. */
  readonly lanes: number;
}

/** What goes wrong on purpose while the demo sends. */
export const DEMO_FAULTS: FaultShares = {
  duplicate: 0.05,
  concurrentDuplicate: 0.02,
  conflict: 0.02,
  forged: 0.04,
};

/** A secret of Standard Webhooks form: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** Two organizations with three sources, each with a secret of its own, made now. */
export function demoSources(): DemoSource[] {
  const mercy = { organization: 'mercy', organizationName: 'Mercy Health' };
  const lakeside = { organization: 'lakeside', organizationName: 'Lakeside Clinics' };
  const standard = { scheme: 'standard-webhooks' } as const;
  return [
    {
      ...mercy,
      ...standard,
      source: 'ehr',
      format: 'backport-r4',
      secret: newSecret(),
      share: 0.45,
      lanes: 4,
    },
    {
      ...mercy,
      source: 'lab',
      format: 'rest-hook-r4',
      scheme: 'websub',
      secret: randomBytes(32).toString('base64url'),
      share: 0.25,
      lanes: 2,
    },
    {
      ...lakeside,
      ...standard,
      source: 'ehr',
      format: 'backport-r5',
      secret: newSecret(),
      share: 0.3,
      lanes: 3,
    },
  ];
}

export function sourceName({ organization, source }: Pick<DemoSource, 'organization' | 'source'>): string {
  return `${organization}/${source}`;
}

export function signerOf(source: DemoSource): Signer {
  return source.scheme === 'websub' ? webSubSigner(source.secret) : standardWebhooksSigner(source.secret);
}

export function workloadsOf(source: DemoSource, seed: string): Workload[] {
  return Array.from({ length: source.lanes }, (_, index) =>
    createWorkload({
      format: source.format,
      seed: `${seed} ${sourceName(source)} ${index}`,
      lane: `${sourceName(source)}#${index}`,
      now: Date.now,
      mix: HOSPITAL_MIX,
      baseUrl: `https://${source.source}.${source.organization}.example/fhir`,
    }),
  );
}

/** How many of `total` originals each source sends; the last takes what rounding leaves. */
export function splitLoad(sources: readonly DemoSource[], total: number): number[] {
  const counts = sources.map((source) => Math.round(total * source.share));
  const rest = total - counts.slice(0, -1).reduce((sum, count) => sum + count, 0);
  return [...counts.slice(0, -1), rest];
}
