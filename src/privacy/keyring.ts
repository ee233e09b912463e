import { randomBytes } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import { HmacSha256 } from '../kernel/hmac-sha256.ts';
import type { OrganizationId } from '../kernel/ids.ts';
import { createDataKey, type DataKey, deriveKey, open, seal, sealedKeyId } from './envelope.ts';

/** One generation of an organization's key as it is stored: wrapped by a master key. */
export interface StoredKey {
  readonly organization: OrganizationId;
  /** `data` seals content and is rotated; `index` makes blind indexes and stays, or nothing could be found again. */
  readonly purpose: 'data' | 'index';
  readonly generation: number;
  readonly wrapped: Uint8Array;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface KeyStore {
  loadKeys(): readonly StoredKey[];
  saveKey(key: StoredKey): void;
  replaceWrapping(key: StoredKey): void;
}

type Generation = { readonly key: DataKey; readonly number: number; readonly createdAt: number };
type OrganizationKeys = {
  current: Generation;
  readonly byId: Map<string, DataKey>;
  readonly index: HmacSha256;
};

/**
 * The keys of every organization: a 32-byte master key wraps each organization's data keys, generation by
 * generation. Reading accepts every generation; writing uses the newest.
 */
export class Keyring {
  readonly #masters: ReadonlyMap<string, DataKey>;
  readonly #master: DataKey;
  readonly #store: KeyStore;
  readonly #clock: Clock;
  readonly #rotateAfterMs: number;
  readonly #organizations = new Map<OrganizationId, OrganizationKeys>();

  /**
   * @param masters the master key in force first, then older ones that may still have wrapped something.
   * @throws GatewayError `key-unwrap-failed` when a stored key was wrapped by none of them.
   */
  constructor(masters: readonly Buffer[], store: KeyStore, clock: Clock, rotateAfterMs: number) {
    const keys = masters.map(masterKey);
    const [first] = keys;
    if (first === undefined) throw new RangeError('a master key is needed');
    this.#master = first;
    this.#masters = new Map(keys.map((key) => [key.id.toString('hex'), key]));
    this.#store = store;
    this.#clock = clock;
    this.#rotateAfterMs = rotateAfterMs;
    this.reload();
  }

  /** The newest data key of an organization; made when there is none yet, or when the newest has grown too old. */
  sealingKey(organization: OrganizationId): DataKey {
    const keys = this.#keysOf(organization);
    if (this.#clock.now() - keys.current.createdAt > this.#rotateAfterMs) this.rotate(organization);
    return keys.current.key;
  }

  /** The data key that sealed a value. @throws GatewayError `key-unknown` for another organization's, or a lost one. */
  openingKey(organization: OrganizationId, sealed: Uint8Array): DataKey {
    const key = this.#organizations.get(organization)?.byId.get(sealedKeyId(sealed).toString('hex'));
    if (key === undefined)
      throw new GatewayError('key-unknown', 'park', 'no data key of this organization sealed this value');
    return key;
  }

  /** Key for blind indexes and for keyed digests of this organization. */
  indexKey(organization: OrganizationId): HmacSha256 {
    return this.#keysOf(organization).index;
  }

  /** Makes a new generation that seals from now on; older ones go on opening. @returns its number. */
  rotate(organization: OrganizationId): number {
    const keys = this.#keysOf(organization);
    const next = this.#create(organization, 'data', keys.current.number + 1);
    keys.byId.set(next.key.id.toString('hex'), next.key);
    keys.current = next;
    return next.number;
  }

  #keysOf(organization: OrganizationId): OrganizationKeys {
    const known = this.#organizations.get(organization);
    if (known !== undefined) return known;
    const current = this.#create(organization, 'data', 1);
    const index = this.#create(organization, 'index', 1);
    const keys = {
      current,
      byId: new Map([[current.key.id.toString('hex'), current.key]]),
      index: indexKeyOf(index.key),
    };
    this.#organizations.set(organization, keys);
    return keys;
  }

  #create(organization: OrganizationId, purpose: StoredKey['purpose'], generation: number): Generation {
    const key = createDataKey(randomBytes(16), randomBytes(32));
    const createdAt = this.#clock.now();
    this.#store.saveKey({
      organization,
      purpose,
      generation,
      wrapped: wrap(this.#master, organization, purpose, key),
      createdAt,
    });
    return { key, number: generation, createdAt };
  }

  /** Reads the stored keys anew: after another process may have added a generation. */
  reload(): void {
    this.#organizations.clear();
    const stored = this.#store.loadKeys();
    const indexKeys = new Map<OrganizationId, HmacSha256>();
    for (const row of stored) {
      if (row.purpose === 'index') indexKeys.set(row.organization, indexKeyOf(this.#unwrap(row)));
    }
    for (const row of stored) {
      const index = indexKeys.get(row.organization);
      if (row.purpose === 'index' || index === undefined) continue;
      const generation = { key: this.#unwrap(row), number: row.generation, createdAt: row.createdAt };
      const keys = this.#organizations.get(row.organization) ?? {
        current: generation,
        byId: new Map(),
        index,
      };
      keys.byId.set(generation.key.id.toString('hex'), generation.key);
      if (generation.number > keys.current.number) keys.current = generation;
      this.#organizations.set(row.organization, keys);
    }
  }

  /** Unwraps a stored key, and wraps it anew when an older master key had wrapped it. */
  #unwrap(row: StoredKey): DataKey {
    const master = this.#masters.get(sealedKeyId(row.wrapped).toString('hex'));
    if (master === undefined) {
      throw new GatewayError(
        'key-unwrap-failed',
        'park',
        `the data keys of organization ${row.organization} were wrapped by another master key; ` +
          'restore that key, or name it in keys.previousMasters',
      );
    }
    const secret = open(master, wrapContext(row.organization, row.purpose), row.wrapped);
    const key = createDataKey(Buffer.from(secret.subarray(0, 16)), Buffer.from(secret.subarray(16)));
    if (master !== this.#master) {
      this.#store.replaceWrapping({
        ...row,
        wrapped: wrap(this.#master, row.organization, row.purpose, key),
      });
    }
    return key;
  }
}

function indexKeyOf(key: DataKey): HmacSha256 {
  return new HmacSha256(deriveKey(key, 'index'));
}

function masterKey(secret: Buffer): DataKey {
  if (secret.length !== 32) throw new RangeError('a master key is 32 bytes');
  const named = createDataKey(Buffer.alloc(16), secret);
  return createDataKey(deriveKey(named, 'master key id').subarray(0, 16), secret);
}

/** A wrapped key is its id and secret, sealed under the master key. */
function wrap(master: DataKey, organization: OrganizationId, purpose: string, key: DataKey): Buffer {
  return seal(master, wrapContext(organization, purpose), [key.id, key.secret]);
}

function wrapContext(organization: OrganizationId, purpose: string) {
  return {
    organization,
    recordId: Buffer.from(organization, 'utf8'),
    field: `key:${purpose}`,
    schemaVersion: 1,
  };
}

const CANARY_CONTEXT = {
  organization: '_gateway',
  recordId: Buffer.from('canary'),
  field: 'canary',
  schemaVersion: 1,
};
const CANARY_TEXT = 'portcullis canary';

/** A value that only the right master key opens; stored when a journal is made. */
export function makeCanary(master: Buffer): Buffer {
  return seal(masterKey(master), CANARY_CONTEXT, [Buffer.from(CANARY_TEXT)]);
}

/** Whether one of the master keys made this canary, and whether it was the one in force. */
export function readCanary(
  masters: readonly Buffer[],
  canary: Uint8Array,
): 'current' | 'previous' | 'mismatch' {
  for (const [index, master] of masters.entries()) {
    try {
      if (open(masterKey(master), CANARY_CONTEXT, canary).toString() === CANARY_TEXT)
        return index === 0 ? 'current' : 'previous';
    } catch {
      // Not this key's canary; another may be.
    }
  }
  return 'mismatch';
}
