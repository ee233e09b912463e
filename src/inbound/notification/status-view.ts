import { asString, isJsonObject } from './json.ts';

/** What a subscription status says, whichever release's shape it came in. Values are as sent, not yet judged. */
export interface StatusView {
  readonly type: string | undefined;
  readonly status: string | undefined;
  readonly subscription: string | undefined;
  readonly topic: string | undefined;
  readonly eventsSinceStart: string | undefined;
  readonly events: readonly EventView[];
}

/** One `notificationEvent`. `id` is its element id, which some senders use as the event's own. */
export interface EventView {
  readonly path: string;
  readonly id: string | undefined;
  readonly number: string | undefined;
  readonly focus: string | undefined;
  /** References of `additionalContext`. */
  readonly contexts: readonly string[];
}

/** The literal reference of a FHIR `Reference`; a bare string is taken for one. */
export function referenceOf(value: unknown): string | undefined {
  return isJsonObject(value) ? asString(value.reference) : asString(value);
}
