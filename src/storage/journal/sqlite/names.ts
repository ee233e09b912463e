import type { DatabaseSync } from 'node:sqlite';
import { Query } from './database.ts';

/** Interns organization and source names as small integers. */
export class Names {
  readonly #insert: Query<[string], never>;
  readonly #byText: Query<[string], { id: number }>;
  readonly #byId: Query<[number], { text: string }>;
  readonly #ids = new Map<string, number>();
  readonly #texts = new Map<number, string>();

  constructor(database: DatabaseSync) {
    this.#insert = new Query(database, 'INSERT OR IGNORE INTO name (text) VALUES (?)');
    this.#byText = new Query(database, 'SELECT id FROM name WHERE text = ?');
    this.#byId = new Query(database, 'SELECT text FROM name WHERE id = ?');
  }

  /** The number of a name, noted when it is new: only within a write transaction. */
  idOf(text: string): number {
    const known = this.#ids.get(text) ?? this.find(text);
    if (known !== undefined) return known;
    this.#insert.run(text);
    const id = this.find(text);
    if (id === undefined) throw new Error('a name that was just noted is missing');
    return id;
  }

  /** The number of a name that was noted before. */
  find(text: string): number | undefined {
    const id = this.#ids.get(text) ?? this.#byText.get(text)?.id;
    if (id !== undefined) this.#ids.set(text, id);
    return id;
  }

  textOf(id: number): string {
    const text = this.#texts.get(id) ?? this.#byId.get(id)?.text;
    if (text === undefined) throw new Error(`the journal names no ${id}`);
    this.#texts.set(id, text);
    return text;
  }

  /** Forgets what was read: after a rollback. */
  reset(): void {
    this.#ids.clear();
    this.#texts.clear();
  }
}
