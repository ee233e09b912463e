import type { SenderProfile } from '../sender-profile.ts';

/** An authentic request of a source, as far as its meaning depends on it. */
export interface NotificationRequest {
  readonly profile: SenderProfile;
  readonly method: string;
  /** `{Type}` and `{id}` appended to the path; both or neither. */
  readonly resourceType: string | undefined;
  readonly resourceId: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  /** The delivery id, only where the signature scheme signs it. */
  readonly signedId: string | undefined;
  /** Value of a header by its lower-case name. */
  readonly header: (name: string) => string | undefined;
}
