import type { HmacSha256 } from '../kernel/hmac-sha256.ts';

/**
 * Keyed digest of an identifier, so that equality can be searched without storing the identifier. It leaks which rows
 * are equal and nothing else; the field name keeps equal values of different fields apart.
 * @param indexKey the organization's index key.
 * @returns the first `bytes` bytes of HMAC-SHA256, 16 by default.
 */
export function blindIndex(indexKey: HmacSha256, field: string, value: string, bytes = 16): Buffer {
  return indexKey.digest(field, '\0', value).subarray(0, bytes);
}
