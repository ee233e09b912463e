import type { FindingList } from './finding-list.ts';
import { readInteger64 } from './integer64.ts';
import { asString, isJsonObject, itemsOf, type JsonObject } from './json.ts';
import { type EventView, referenceOf, type StatusView } from './status-view.ts';

/** R4B and R5 `SubscriptionStatus`. */
export function readSubscriptionStatus(status: JsonObject, path: string, findings: FindingList): StatusView {
  return {
    type: asString(status.type),
    status: asString(status.status),
    subscription: referenceOf(status.subscription),
    topic: asString(status.topic),
    eventsSinceStart: readInteger64(
      status.eventsSinceSubscriptionStart,
      { path, element: 'eventsSinceSubscriptionStart', invalid: 'events-since-start-invalid' },
      findings,
    ),
    events: itemsOf(status.notificationEvent).map((event, index) =>
      readEvent(event, `${path}.notificationEvent[${index}]`, findings),
    ),
  };
}

function readEvent(value: unknown, path: string, findings: FindingList): EventView {
  const event = isJsonObject(value) ? value : {};
  return {
    path,
    id: asString(event.id),
    number: readInteger64(
      event.eventNumber,
      { path, element: 'eventNumber', invalid: 'event-number-invalid' },
      findings,
    ),
    focus: referenceOf(event.focus),
    contexts: itemsOf(event.additionalContext)
      .map(referenceOf)
      .filter((reference) => reference !== undefined),
  };
}
