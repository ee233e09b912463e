/** An object as `JSON.parse` makes it. Only ever read by known names, never copied or merged. */
export type JsonObject = { readonly [key: string]: unknown };

const NO_ITEMS: readonly unknown[] = Object.freeze([]);

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The items of an array; none for anything else. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NO_ITEMS;
}
