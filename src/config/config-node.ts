import { isWithin, type KeyPath } from './key-path.ts';
import type { SchemaFault } from './schema-faults.ts';

/**
 * A value of the configuration file and where it stands. The file may be partly wrong: what the schema has
 * refused reads as absent, so that the sound rest can still be judged and all problems are told at once.
 */
export class ConfigNode {
  readonly path: KeyPath;
  readonly #value: unknown;
  readonly #faults: readonly SchemaFault[];

  constructor(value: unknown, faults: readonly SchemaFault[], path: KeyPath = []) {
    this.path = path;
    this.#value = value;
    this.#faults = faults;
  }

  get(key: string): ConfigNode {
    const holder = this.#value;
    const present = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key);
    return new ConfigNode(present ? Reflect.get(holder, key) : undefined, this.#faults, [...this.path, key]);
  }

  /** The items of a list, sound or not; none where there is no list. */
  items(): readonly ConfigNode[] {
    if (!Array.isArray(this.#value)) return [];
    return this.#value.map(
      (item: unknown, index) => new ConfigNode(item, this.#faults, [...this.path, index]),
    );
  }

  /** Whether the file says anything here. */
  get present(): boolean {
    return this.#value !== undefined;
  }

  /**
   * The value as the schema promises it: undefined where it is absent or refused.
   * The type must be the one the schema states for this place.
   */
  as<T>(): T | undefined {
    const refused = this.#faults.some((fault) => fault.blocks && isWithin(fault.path, this.path));
    return refused ? undefined : (this.#value as T | undefined);
  }
}
