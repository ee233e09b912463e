import type { ClaimedDelivery } from '../../../forwarding/ports.ts';
import type { EventFilter, ReplayReport } from '../../../forwarding/replay.ts';
import type { EventId, OrganizationId } from '../../../kernel/ids.ts';
import type { AcceptHead, AcceptOperation, AcceptReply, ReplayChunk, WriteOperation } from './operations.ts';
import type { JournalSettings, JournalStatus } from './sqlite-journal.ts';

/** Messages between the event loop and the journal thread. `now` is the injected clock of the event loop. */
export type ToJournal = { readonly id: number; readonly now: number } & (
  | {
      readonly kind: 'open';
      readonly settings: JournalSettings;
      readonly organizations: readonly OrganizationId[];
    }
  | { readonly kind: 'batch'; readonly accepts: ArrayBuffer; readonly writes: readonly WriteOperation[] }
  | { readonly kind: 'claim'; readonly count: number; readonly bytes: number; readonly dueBy: number }
  | { readonly kind: 'release'; readonly events: readonly EventId[] }
  | { readonly kind: 'preview'; readonly filter: EventFilter }
  | { readonly kind: 'prepare'; readonly organizations: readonly OrganizationId[] }
  | { readonly kind: 'tick' }
  | { readonly kind: 'close' }
);

export type BatchReply = {
  /** In the order sent; `null` stands for accepted, by far the commonest. */
  readonly accepted: readonly (Exclude<AcceptReply, { kind: 'accepted' }> | null)[];
  readonly written: readonly (ReplayChunk | string | undefined)[];
  readonly commitMs: number;
};

/** Claimed deliveries; the bodies lie one after the other in `bodies`, which is transferred. */
export type ClaimReply = {
  readonly deliveries: readonly (Omit<ClaimedDelivery, 'content'> & {
    readonly headers: ClaimedDelivery['content']['headers'];
    readonly foci: readonly string[];
    readonly bodyBytes: number;
  })[];
  readonly bodies: ArrayBuffer;
  readonly nextDueAt: number | undefined;
};

export type JournalFault = {
  readonly code: string;
  readonly disposition: 'retry' | 'park' | 'refuse';
  readonly message: string;
};

export type FromJournal = { readonly id: number; readonly status: JournalStatus | undefined } & (
  | { readonly kind: 'done' }
  | { readonly kind: 'batch'; readonly reply: BatchReply }
  | { readonly kind: 'claim'; readonly reply: ClaimReply }
  | { readonly kind: 'preview'; readonly report: ReplayReport }
  | { readonly kind: 'fault'; readonly fault: JournalFault }
);

const FRAME_HEAD = 12;

/** An acceptance before it is framed. */
export interface AcceptParts {
  readonly head: Buffer;
  readonly content: Buffer;
  readonly body: Buffer;
}

export function framedBytes(parts: AcceptParts): number {
  return FRAME_HEAD + parts.head.length + parts.content.length + parts.body.length;
}

/** Lays a batch of acceptances into one buffer of its own, which can be transferred without copying again. */
export function frameAccepts(batch: readonly AcceptParts[]): ArrayBuffer {
  let total = 0;
  for (const parts of batch) total += framedBytes(parts);
  const arrayBuffer = new ArrayBuffer(total);
  const frame = Buffer.from(arrayBuffer);
  let at = 0;
  for (const { head, content, body } of batch) {
    frame.writeUInt32LE(head.length, at);
    frame.writeUInt32LE(content.length, at + 4);
    frame.writeUInt32LE(body.length, at + 8);
    at += FRAME_HEAD;
    at += head.copy(frame, at);
    at += content.copy(frame, at);
    at += body.copy(frame, at);
  }
  return arrayBuffer;
}

export function unframeAccepts(arrayBuffer: ArrayBuffer): AcceptOperation[] {
  const frame = Buffer.from(arrayBuffer);
  const accepts: AcceptOperation[] = [];
  let at = 0;
  while (at < frame.length) {
    const contentAt = at + FRAME_HEAD + frame.readUInt32LE(at);
    const bodyAt = contentAt + frame.readUInt32LE(at + 4);
    const end = bodyAt + frame.readUInt32LE(at + 8);
    const head = JSON.parse(frame.toString('utf8', at + FRAME_HEAD, contentAt)) as AcceptHead;
    accepts.push({ head, content: frame.subarray(contentAt, bodyAt), body: frame.subarray(bodyAt, end) });
    at = end;
  }
  return accepts;
}
