import type { InboundSource } from '../inbound/source.ts';
import { type OrganizationId, parseOrganizationId, parseSourceId } from '../kernel/ids.ts';
import type { ConfigNode } from './config-node.ts';
import { judgeSignature } from './judge-signature.ts';
import { type Judgement, refuseRepeats, refuseUnavailable } from './judgement.ts';
import type { RawSource } from './raw.ts';
import { closest } from './suggestion.ts';
import type { Organization } from './types.ts';

export interface JudgedOrganization {
  readonly outline: Organization;
  readonly sources: readonly InboundSource[];
}

/** The tenants and sources that are sound. */
export function judgeOrganizations(node: ConfigNode, judgement: Judgement): readonly JudgedOrganization[] {
  const organizations = node.items();
  const ids = organizations.map((organization) => organization.get('id'));
  refuseRepeats(ids, 'organizations', judgement.report);
  const judged = organizations.flatMap((organization) => judgeOrganization(organization, judgement) ?? []);
  warnIfIdle(node, organizations, judgement);
  return judged;
}

function judgeOrganization(node: ConfigNode, judgement: Judgement): JudgedOrganization | undefined {
  warnOfUnservedParts(node, judgement);
  const nodes = node.get('sources').items();
  const ids = nodes.map((source) => source.get('id'));
  refuseRepeats(ids, 'sources of this organization', judgement.report);
  const id = parseOrganizationId(node.get('id').as<string>() ?? '');
  const sources = nodes.flatMap((source) => judgeSource(source, id, judgement) ?? []);
  if (id === undefined) return undefined;
  const name = node.get('name').as<string>() ?? id;
  return { outline: { id, name, sources: sources.map(outlineSource) }, sources };
}

/** No route or client exists for these yet, so that nothing unsafe follows from going on; but it is said. */
function warnOfUnservedParts(organization: ConfigNode, { report }: Judgement): void {
  for (const [key, what] of [
    ['pacs', 'the imaging proxy'],
    ['connectors', 'calls to partners'],
  ] as const) {
    const node = organization.get(key);
    if (node.items().length === 0) continue;
    report.at(node.path, {
      severity: 'warning',
      code: 'not-available',
      message: `${what}: not served by this version; this has no effect yet`,
      remedy: `remove \`${key}\`, or leave it for a later version`,
    });
  }
}

function judgeSource(
  node: ConfigNode,
  organization: OrganizationId | undefined,
  judgement: Judgement,
): InboundSource | undefined {
  judgeMtls(node.get('mtls'), judgement);
  const profile = findProfile(node.get('profile'), judgement);
  const signature = judgeSignature(node.get('signature'), judgement);
  const raw = node.as<RawSource>();
  const source = parseSourceId(node.get('id').as<string>() ?? '');
  if (raw === undefined || profile === undefined || signature === undefined) return undefined;
  if (organization === undefined || source === undefined) return undefined;
  return {
    scope: { organization, source },
    profile,
    signature,
    validation: raw.validation,
    forwardHandshakes: raw.forward.handshakes,
    forwardHeartbeats: raw.forward.heartbeats,
  };
}

function judgeMtls(node: ConfigNode, { report }: Judgement): void {
  const mtls = node.as<string | object>();
  if (mtls === undefined || mtls === 'off') return;
  refuseUnavailable(node, 'client certificates of sources', 'use `mtls: off`', report);
}

function findProfile(
  node: ConfigNode,
  { senderProfiles, report }: Judgement,
): InboundSource['profile'] | undefined {
  const name = node.as<string>();
  if (name === undefined) return undefined;
  const profile = senderProfiles.get(name);
  if (profile !== undefined) return profile;
  const known = [...senderProfiles.keys()].toSorted();
  const meant = closest(name, known);
  const remedy = meant === undefined ? `use one of ${known.join(', ')}` : `did you mean \`${meant}\`?`;
  report.at(node.path, {
    code: 'unknown-sender-profile',
    message: `there is no sender profile \`${name}\``,
    remedy,
  });
  return undefined;
}

function outlineSource({ scope, profile, signature }: InboundSource): Organization['sources'][number] {
  const keyIds = signature.keys.map((key) => key.id);
  return { id: scope.source, profile: profile.name, scheme: signature.scheme, keyIds };
}

function warnIfIdle(node: ConfigNode, organizations: readonly ConfigNode[], { report }: Judgement): void {
  if (node.as() === undefined) return;
  if (organizations.some((organization) => organization.get('sources').items().length > 0)) return;
  const message = 'no source is configured: every webhook will be refused';
  const remedy = 'add an organization with a source';
  report.at(node.path, { code: 'no-sources', message, remedy, severity: 'warning' });
}
