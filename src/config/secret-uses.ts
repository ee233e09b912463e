import type { SchemeName } from '../inbound/signature/types.ts';
import type { ConfigNode } from './config-node.ts';
import { formatKeyPath, type KeyPath } from './key-path.ts';
import type { RawSecretReference, RawWindowedSecret } from './raw.ts';

/** What a secret is for; it decides its form, its least length and how a development key is made. */
export type SecretPurpose =
  | { readonly kind: 'master' }
  | { readonly kind: 'previous-master' }
  | { readonly kind: 'audit-signing' }
  | { readonly kind: 'core-signing' }
  | { readonly kind: 'sidecar' }
  | { readonly kind: 'token'; readonly algorithms: readonly string[] }
  | { readonly kind: 'webhook'; readonly scheme: SchemeName; readonly secret: RawWindowedSecret };

/** One place of the file that refers to a secret. */
export interface SecretUse {
  readonly path: KeyPath;
  readonly purpose: SecretPurpose;
  readonly reference: RawSecretReference;
}

/** Every secret the gateway will use, in a fixed order. Those of features that are not available are left out. */
export function secretUses(root: ConfigNode): readonly SecretUse[] {
  const keys = root.get('keys');
  return [
    ...use(keys.get('master'), { kind: 'master' }),
    ...keys
      .get('previousMasters')
      .items()
      .flatMap((node) => use(node, { kind: 'previous-master' })),
    ...use(keys.get('auditSigning'), { kind: 'audit-signing' }),
    ...use(root.get('core').get('signingSecret'), { kind: 'core-signing' }),
    ...use(root.get('http').get('sidecarSecret'), { kind: 'sidecar' }),
    ...root.get('tokens').items().flatMap(tokenUses),
    ...root.get('organizations').items().flatMap(organizationUses),
  ];
}

function use(node: ConfigNode, purpose: SecretPurpose): readonly SecretUse[] {
  const reference = node.as<RawSecretReference>();
  return reference === undefined ? [] : [{ path: node.path, purpose, reference }];
}

function tokenUses(issuer: ConfigNode): readonly SecretUse[] {
  const algorithms = issuer.get('algorithms').as<readonly string[]>() ?? [];
  return use(issuer.get('secret'), { kind: 'token', algorithms });
}

function organizationUses(organization: ConfigNode): readonly SecretUse[] {
  return organization
    .get('sources')
    .items()
    .flatMap((source) => signatureUses(source.get('signature')));
}

function signatureUses(signature: ConfigNode): readonly SecretUse[] {
  const scheme = signature.get('scheme').as<SchemeName>();
  if (scheme === undefined) return [];
  return signature
    .get('secrets')
    .items()
    .flatMap((node) => {
      const secret = node.as<RawWindowedSecret>();
      return secret === undefined ? [] : use(node, { kind: 'webhook', scheme, secret });
    });
}

/** Secrets that were found, by the place that refers to them. */
export class SecretTable<Entry> {
  readonly #entries = new Map<string, Entry>();

  set(path: KeyPath, entry: Entry): void {
    this.#entries.set(formatKeyPath(path), entry);
  }

  get(path: KeyPath): Entry | undefined {
    return this.#entries.get(formatKeyPath(path));
  }

  values(): Iterable<Entry> {
    return this.#entries.values();
  }
}
