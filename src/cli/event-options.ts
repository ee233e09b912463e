import type { EventFilter } from '../forwarding/replay.ts';
import { type FilterProblem, parseEventFilter } from '../forwarding/replay-filter.ts';
import { requireOrganization } from './arguments.ts';
import { UsageError } from './command.ts';

/** Options by which events are selected. */
export const EVENT_OPTIONS = {
  config: { type: 'string' },
  org: { type: 'string' },
  state: { type: 'string' },
  source: { type: 'string' },
  type: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  patient: { type: 'string' },
} as const;

export const EVENT_OPTIONS_HELP = `
  --state STATE     pending, delivered, dead, consumed or quarantined
  --source ID       of one source
  --type TYPE       CloudEvents type, such as fhir.notification.event
  --from, --to T    received at or after, and before: RFC 3339, such as 2026-11-22T00:00:00Z
  --patient REF     concerning Patient/ID, found by a blind index`;

type Values = Readonly<Partial<Record<keyof typeof EVENT_OPTIONS, string>>>;

const OPTION_OF: Readonly<Record<string, string>> = {
  receivedFrom: '--from',
  receivedTo: '--to',
  ids: 'the event ids',
};

/** @throws UsageError naming every option that is wrong. */
export function eventFilter(values: Values, ids: readonly string[]): EventFilter {
  const { state, source, type, from, to, patient } = values;
  const input = {
    state,
    source,
    type,
    receivedFrom: from,
    receivedTo: to,
    patient,
    ids: ids.length > 0 ? ids : undefined,
  };
  const result = parseEventFilter(requireOrganization(values.org), input);
  if (!result.ok) throw new UsageError(result.problems.map(describe).join('; '));
  return result.filter;
}

function describe({ member, code }: FilterProblem): string {
  return `${OPTION_OF[member] ?? `--${member}`}: ${code.replaceAll('-', ' ')}`;
}
