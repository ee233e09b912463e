const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Whether objects and arrays nest deeper than `limit` in a JSON text (UTF-8), found without parsing it.
 * Text that is not JSON gets some answer; the parser refuses it afterwards.
 */
export function exceedsDepth(json: Uint8Array, limit: number): boolean {
  // Depth limit + 1 takes that many opening and as many closing bytes.
  if (json.length < 2 * (limit + 1)) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfString(json, at + 1);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (++depth > limit) return true;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
  }
  return false;
}

/** Index of the quote that ends the string whose first content byte is at `from`; the length where none does. */
function endOfString(json: Uint8Array, from: number): number {
  let at = from;
  for (; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return at;
}
