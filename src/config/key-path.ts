/** Where a value stands in the configuration file: keys of mappings, and positions (from 0) in lists. */
export type KeyPath = readonly (string | number)[];

/** `organizations[0].sources[1].id`; the whole file is the empty text. */
export function formatKeyPath(path: KeyPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** A JSON Pointer (RFC 6901) as a key path; steps made of digits are taken as list positions. */
export function parseJsonPointer(pointer: string): KeyPath {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~')));
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: KeyPath, ancestor: KeyPath): boolean {
  return ancestor.length <= path.length && ancestor.every((step, index) => path[index] === step);
}
