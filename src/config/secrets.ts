import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';

export interface SecretValues {
  /** The master key in force, then older ones; 32 bytes each. */
  readonly masterKeys: readonly Buffer[];
  readonly auditSigningKey: KeyObject;
  readonly coreSigningKey: Buffer;
  readonly sidecarSecret: Buffer | undefined;
  /** By position in `tokens`. */
  readonly tokenSecrets: readonly (Buffer | undefined)[];
}

const HIDDEN = '[secret]';

/** The gateway's own secrets, apart from the configuration. Printing, logging or serialising it shows nothing. */
export class GatewaySecrets {
  readonly #values: SecretValues;

  constructor(values: SecretValues) {
    this.#values = values;
  }

  /** The master key in force, then older ones that may still unwrap; 32 bytes each. */
  get masterKeys(): readonly Buffer[] {
    return this.#values.masterKeys;
  }

  /** Ed25519 private key that signs audit checkpoints. */
  get auditSigningKey(): KeyObject {
    return this.#values.auditSigningKey;
  }

  /** Key of the Standard Webhooks signature on what the core platform receives, decoded. */
  get coreSigningKey(): Buffer {
    return this.#values.coreSigningKey;
  }

  /** What proves our nginx; undefined where none is configured. */
  get sidecarSecret(): Buffer | undefined {
    return this.#values.sidecarSecret;
  }

  /** HMAC secret of the token issuer at this position of `tokens`; undefined for asymmetric issuers. */
  tokenSecret(position: number): Buffer | undefined {
    return this.#values.tokenSecrets[position];
  }

  /** The same secrets with some replaced. */
  with(values: Partial<SecretValues>): GatewaySecrets {
    return new GatewaySecrets({ ...this.#values, ...values });
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
