import type { Signer } from './signing.ts';
import type { Notification } from './workload.ts';

/**
 * What a sending is meant to be. `original` and `duplicate` are the same bytes under the same id; a `conflict` is
 * properly signed other content under the same id; the rest are forgeries.
 */
export type Intent = 'original' | 'duplicate' | 'conflict' | 'bad-signature' | 'stale-timestamp' | 'unsigned';

export const FORGERIES = [
  'bad-signature',
  'stale-timestamp',
  'unsigned',
] as const satisfies readonly Intent[];

const HOUR_MS = 3_600_000;

/** Signature headers for an intent; made anew for every attempt, so that a retry carries a fresh time. */
export function signatureHeaders(
  signer: Signer,
  intent: Intent,
  notification: Notification,
  nowMs: number,
): Record<string, string> {
  const { id, body } = notification;
  switch (intent) {
    case 'unsigned':
      return {};
    case 'stale-timestamp':
      return signer.headers({ id, body, nowMs: nowMs - HOUR_MS });
    case 'bad-signature':
      return signer.headers({ id, body: Buffer.concat([body, Buffer.from(' ')]), nowMs });
    default:
      return signer.headers({ id, body, nowMs });
  }
}

/**
 * The same notification with other content: same id, same Bundle.id or resource id and version, another time in it.
 * @returns undefined where there is no body to alter.
 */
export function withOtherContent(notification: Notification): Notification | undefined {
  if (notification.body.length === 0) return undefined;
  const content = JSON.parse(notification.body.toString()) as {
    timestamp?: string;
    meta?: { lastUpdated?: string };
  };
  const later = (instant: string | undefined) =>
    new Date(Date.parse(instant ?? '1970-01-01') + 1000).toISOString();
  if (content.timestamp !== undefined) content.timestamp = later(content.timestamp);
  else content.meta = { ...content.meta, lastUpdated: later(content.meta?.lastUpdated) };
  return { ...notification, body: Buffer.from(JSON.stringify(content)) };
}
