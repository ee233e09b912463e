import type { LocatedStatus } from '../notification/envelope.ts';
import type { FindingList } from '../notification/finding-list.ts';
import type { StatusView } from '../notification/status-view.ts';

/** What every subscription status must say, in whichever shape: R5 invariants sst-1 and sst-2, and the IG's own. */
export function checkStatusRules(located: LocatedStatus, status: StatusView, findings: FindingList): void {
  const at = (element: string) => elementPath(located, element);
  if (status.type === undefined) findings.add('notification-type-missing', at('type'));
  if (status.subscription === undefined) findings.add('subscription-missing', at('subscription'));
  if (status.status === undefined && needsStatus(located, status)) {
    findings.add('subscription-status-missing', at('status'));
  }
  if (status.status === 'error' || status.status === 'off')
    findings.add('subscription-not-active', at('status'));
  if (carriesEvents(status) && status.events.length === 0) {
    findings.add('notification-event-missing', located.path);
  }
  if (isSignOfLife(status) && status.events.length > 0) findings.add('event-in-heartbeat', located.path);
  checkNumbers(located, status, findings);
}

/** sst-2; the R4 profile demands it always. */
function needsStatus(located: LocatedStatus, status: StatusView): boolean {
  return located.shape === 'parameters' || status.type === 'query-status';
}

/** sst-1 */
function carriesEvents(status: StatusView): boolean {
  return status.type === 'event-notification' || status.type === 'query-event';
}

function isSignOfLife(status: StatusView): boolean {
  return status.type === 'handshake' || status.type === 'heartbeat';
}

function checkNumbers(located: LocatedStatus, status: StatusView, findings: FindingList): void {
  if (status.events.length < 2) return;
  const seen = new Set<string>();
  for (const { number } of status.events) {
    if (number === undefined) continue;
    if (seen.has(number)) findings.add('event-number-repeated', located.path);
    seen.add(number);
  }
}

function elementPath(located: LocatedStatus, element: string): string {
  return located.shape === 'parameters'
    ? `${located.path}.parameter.where(name='${element}')`
    : `${located.path}.${element}`;
}
