import type { FindingList } from './finding-list.ts';
import { readInteger64 } from './integer64.ts';
import { asString, isJsonObject, itemsOf, type JsonObject } from './json.ts';
import { type EventView, referenceOf, type StatusView } from './status-view.ts';

/**
 * R4 `Parameters` of the profile backport-subscription-status-r4 (Subscriptions Backport IG 1.1.0). Parameters it does
 * not define are legal and ignored; a value under another `value[x]` than the profile's is read all the same.
 */
export function readParametersStatus(
  parameters: JsonObject,
  path: string,
  findings: FindingList,
): StatusView {
  const named = new Map<string, unknown>();
  const events: EventView[] = [];
  let eventsSinceStart: string | undefined;
  for (const [index, parameter] of itemsOf(parameters.parameter).entries()) {
    if (!isJsonObject(parameter) || typeof parameter.name !== 'string') continue;
    const place = `${path}.parameter[${index}]`;
    if (parameter.name === 'notification-event') events.push(readEvent(parameter, place, findings));
    else if (parameter.name === 'events-since-subscription-start') {
      eventsSinceStart ??= readCount(parameter, place, 'events-since-start-invalid', findings);
    } else if (!named.has(parameter.name)) named.set(parameter.name, parameterValue(parameter));
  }
  return {
    type: asString(named.get('type')),
    status: asString(named.get('status')),
    subscription: referenceOf(named.get('subscription')),
    topic: asString(named.get('topic')),
    eventsSinceStart,
    events,
  };
}

function readEvent(parameter: JsonObject, path: string, findings: FindingList): EventView {
  let number: string | undefined;
  let focus: string | undefined;
  const contexts: string[] = [];
  for (const [index, part] of itemsOf(parameter.part).entries()) {
    if (!isJsonObject(part)) continue;
    const place = `${path}.part[${index}]`;
    if (part.name === 'event-number') number ??= readCount(part, place, 'event-number-invalid', findings);
    else if (part.name === 'focus') focus ??= referenceOf(parameterValue(part));
    else if (part.name === 'authorization-value') findings.add('credential-in-payload', place);
    const context = part.name === 'additional-context' ? referenceOf(parameterValue(part)) : undefined;
    if (context !== undefined) contexts.push(context);
  }
  return { path, id: asString(parameter.id), number, focus, contexts };
}

function readCount(
  parameter: JsonObject,
  path: string,
  invalid: 'events-since-start-invalid' | 'event-number-invalid',
  findings: FindingList,
): string | undefined {
  return readInteger64(parameterValue(parameter), { path, element: 'value', invalid }, findings);
}

/** The value of a parameter, whichever `value[x]` it is under. */
function parameterValue(parameter: JsonObject): unknown {
  for (const name in parameter) if (name.startsWith('value')) return parameter[name];
  return undefined;
}
