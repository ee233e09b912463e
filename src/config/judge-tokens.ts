import type { ConfigNode } from './config-node.ts';
import { type Judgement, judgeUrl } from './judgement.ts';
import type { RawTokenIssuer } from './raw.ts';
import type { TokenIssuer } from './types.ts';

/** The issuers of access tokens that are sound. HMAC and public-key algorithms are never mixed (RFC 8725 §3.1). */
export function judgeTokens(node: ConfigNode, judgement: Judgement): readonly TokenIssuer[] {
  refuseRepeatedIssuers(node, judgement);
  return node.items().flatMap((item) => {
    judgeUrl(item.get('jwksUri'), judgement);
    const issuer = item.as<RawTokenIssuer>();
    return issuer === undefined ? [] : [judgeIssuer(item, issuer, judgement)];
  });
}

function judgeIssuer(node: ConfigNode, raw: RawTokenIssuer, { report }: Judgement): TokenIssuer {
  const complain = (key: string, message: string, remedy: string) =>
    report.at([...node.path, key], { code: 'incoherent', message, remedy });
  const hmac = raw.algorithms.filter((algorithm) => algorithm.startsWith('HS')).length;
  if (hmac > 0 && hmac < raw.algorithms.length) {
    complain('algorithms', 'HMAC and public-key algorithms are mixed', 'list one kind only');
  } else if (hmac > 0) {
    if (raw.secret === undefined) complain('algorithms', 'HMAC algorithms need `secret`', 'add `secret`');
    if (raw.jwksUri !== undefined)
      complain('jwksUri', '`jwksUri` does not go with HMAC algorithms', 'remove it');
  } else {
    if (raw.jwksUri === undefined) complain('algorithms', 'these algorithms need `jwksUri`', 'add `jwksUri`');
    if (raw.secret !== undefined)
      complain('secret', '`secret` does not go with these algorithms', 'remove it');
  }
  const { issuer, audience, algorithms, jwksUri, maxLifetimeSeconds } = raw;
  return { issuer, audience, algorithms, jwksUri, maxLifetimeSeconds };
}

function refuseRepeatedIssuers(node: ConfigNode, { report }: Judgement): void {
  const seen = new Set<string>();
  for (const item of node.items()) {
    const issuer = item.get('issuer').as<string>();
    const audience = item.get('audience').as<string>();
    if (issuer === undefined || audience === undefined) continue;
    const pair = JSON.stringify([issuer, audience]);
    if (seen.has(pair)) {
      const message = 'this issuer and audience are listed twice';
      report.at(item.path, { code: 'repeated-id', message, remedy: 'keep one of them' });
    }
    seen.add(pair);
  }
}
