import { customSchemeProblems } from '../inbound/signature/custom-template.ts';
import type { CustomScheme, SignatureSettings, VerificationKey } from '../inbound/signature/types.ts';
import { SECOND } from '../kernel/clock.ts';
import type { ConfigNode } from './config-node.ts';
import { type Judgement, refuseRepeats } from './judgement.ts';
import type { RawCustomScheme, RawSignature } from './raw.ts';

const MAX_PRODUCTION_TOLERANCE_SECONDS = 600;
const DIGEST_COMPONENT = 'content-digest';

/** How a source signs, with its keys; undefined where the file is not sound there. */
export function judgeSignature(node: ConfigNode, judgement: Judgement): SignatureSettings | undefined {
  judgeTolerance(node.get('toleranceSeconds'), judgement);
  const secretIds = node
    .get('secrets')
    .items()
    .map((secret) => secret.get('id'));
  refuseRepeats(secretIds, 'secrets of this source', judgement.report);
  const keys = judgeWindows(node.get('secrets'), judgement);
  const custom = judgeCustom(node.get('custom'), judgement);
  const raw = node.as<RawSignature>();
  if (raw === undefined || keys.length === 0) return undefined;
  return assemble(raw, keys, custom);
}

function assemble(
  raw: RawSignature,
  keys: readonly VerificationKey[],
  custom: CustomScheme | undefined,
): SignatureSettings | undefined {
  const common = { toleranceMs: raw.toleranceSeconds * SECOND, keys };
  if (raw.scheme === 'custom') {
    return custom === undefined ? undefined : { ...common, scheme: raw.scheme, custom };
  }
  if (raw.scheme !== 'http-message-signatures') return { ...common, scheme: raw.scheme };
  const requiredComponents = [...new Set([...(raw.requiredComponents ?? []), DIGEST_COMPONENT])];
  return { ...common, scheme: raw.scheme, requiredComponents };
}

function judgeTolerance(node: ConfigNode, { profile, report }: Judgement): void {
  const seconds = node.as<number>() ?? 0;
  if (profile !== 'production' || seconds <= MAX_PRODUCTION_TOLERANCE_SECONDS) return;
  const message = `a signed time may be off by at most ${MAX_PRODUCTION_TOLERANCE_SECONDS} seconds in production`;
  const remedy = `set at most ${MAX_PRODUCTION_TOLERANCE_SECONDS}, and have the sender's clock corrected`;
  report.at(node.path, { code: 'tolerance-too-wide', message, remedy });
}

/** The keys that were readable. When all of a source's keys have expired, nothing it sends could be verified. */
function judgeWindows(node: ConfigNode, { secrets, now, report }: Judgement): readonly VerificationKey[] {
  const keys = node.items().flatMap((item) => {
    const secret = secrets.get(item.path);
    return secret?.kind === 'verification-key' ? [secret.key] : [];
  });
  const allRead = keys.length === node.items().length;
  if (keys.length > 0 && allRead && keys.every((key) => key.notAfter !== undefined && key.notAfter <= now)) {
    const message = 'every secret of this source has expired';
    report.at(node.path, {
      code: 'secrets-expired',
      message,
      remedy: 'add the secret now in use, or remove the source',
    });
  }
  return keys;
}

function judgeCustom(node: ConfigNode, { report }: Judgement): CustomScheme | undefined {
  const raw = node.as<RawCustomScheme>();
  if (raw === undefined) return undefined;
  const custom = { ...raw, timestampHeader: raw.timestampHeader, idHeader: raw.idHeader };
  for (const problem of customSchemeProblems(custom)) {
    const [message = problem, ...remedy] = problem.split(': ');
    report.at(node.path, { code: 'incoherent', message, remedy: remedy.join(': ') });
  }
  return custom;
}
