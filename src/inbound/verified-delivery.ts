import type { InboundRequest } from './outcome.ts';
import type { SignatureRefusal } from './signature/types.ts';
import { dummyVerify, verifySignature } from './signature/verify.ts';
import type { InboundSource, SourceDirectory } from './source.ts';

export type VerificationRefusal = SignatureRefusal | 'source-unknown';

/**
 * A request proven to come from its source. Only `verify` makes one, and only this enters acceptance: code that stores a
 * delivery cannot be reached without the proof.
 */
export class VerifiedDelivery {
  readonly request: InboundRequest;
  readonly source: InboundSource;
  readonly keyId: string;
  /** The delivery id, only where the scheme signs it. */
  readonly signedId: string | undefined;
  /** Epoch milliseconds. */
  readonly receivedAt: number;

  private constructor(
    request: InboundRequest,
    source: InboundSource,
    proof: { keyId: string; signedId: string | undefined },
    receivedAt: number,
  ) {
    this.request = request;
    this.source = source;
    this.keyId = proof.keyId;
    this.signedId = proof.signedId;
    this.receivedAt = receivedAt;
  }

  /** An unknown source costs as much as a wrong signature, so that the answer's timing tells nothing either. */
  static verify(
    request: InboundRequest,
    sources: SourceDirectory,
    now: number,
  ):
    | VerifiedDelivery
    | { readonly refusal: VerificationRefusal; readonly source: InboundSource | undefined } {
    const source = sources.find(request.organization, request.source);
    if (source === undefined) {
      dummyVerify(request.body);
      return { refusal: 'source-unknown', source };
    }
    const verdict = verifySignature(request, source.signature, now);
    return verdict.ok
      ? new VerifiedDelivery(request, source, verdict, now)
      : { refusal: verdict.refusal, source };
  }
}
