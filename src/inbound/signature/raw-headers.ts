/** More than one line of a header that must be single. */
export const REPEATED: unique symbol = Symbol('repeated header');

/** What a request holds under a name: no line, one value, or several lines. */
export type SingleHeader = string | undefined | typeof REPEATED;

/**
 * The value of a header that may occur once. Node's merged `headers` object is not used because it joins or drops
 * repeated lines, and a second line is exactly what two readers of one request could disagree about.
 *
 * @param rawHeaders name, value, name, value … as received
 * @param name in lower case
 */
export function singleHeader(rawHeaders: readonly string[], name: string): SingleHeader {
  let value: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!isNamed(rawHeaders[index], name)) continue;
    if (value !== undefined) return REPEATED;
    value = rawHeaders[index + 1] ?? '';
  }
  return value;
}

/**
 * All lines of a header as one value: each trimmed, obsolete line folding replaced by a space, joined by `, `
 * (RFC 9421 §2.1). Undefined where there is no such line.
 *
 * @param name in lower case
 */
export function combinedHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let combined: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!isNamed(rawHeaders[index], name)) continue;
    const value = unfold(rawHeaders[index + 1] ?? '');
    combined = combined === undefined ? value : `${combined}, ${value}`;
  }
  return combined;
}

/** Lengths differ for nearly every other header, so most names are passed over without a comparison of text. */
function isNamed(candidate: string | undefined, name: string): boolean {
  if (candidate === undefined || candidate.length !== name.length) return false;
  return candidate === name || candidate.toLowerCase() === name;
}

function unfold(value: string): string {
  return value.replace(/[ \t]*\r?\n[ \t]+/g, ' ').replace(/^[ \t]+|[ \t]+$/g, '');
}
