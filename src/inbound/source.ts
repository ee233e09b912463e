import type { SourceScope } from '../tenancy/scope.ts';
import type { SenderProfile } from './sender-profile.ts';
import type { SignatureSettings } from './signature/types.ts';

/** One configured sender of webhooks. */
export interface InboundSource {
  readonly scope: SourceScope;
  readonly profile: SenderProfile;
  readonly signature: SignatureSettings;
  /** What happens to an authentic but invalid notification: refused with 422, stored but held, or stored and marked. */
  readonly validation: 'reject' | 'quarantine' | 'flag';
  /** Whether handshakes and heartbeats go on to the core platform too. */
  readonly forwardHandshakes: boolean;
  readonly forwardHeartbeats: boolean;
}

/** The sources of the running configuration snapshot. */
export interface SourceDirectory {
  /** Undefined for an unknown organization or source alike: callers must not be able to tell them apart. */
  find(organization: string, source: string): InboundSource | undefined;
}
