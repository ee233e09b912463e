import { toInstant } from '../../kernel/clock.ts';
import { parseEventId } from '../../kernel/ids.ts';
import type { EventListing } from '../../storage/journal/sqlite/event-reader.ts';
import { parseCommandLine, positiveInteger } from '../arguments.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { loadConfiguration, withJournal } from '../configured.ts';
import { EVENT_OPTIONS, EVENT_OPTIONS_HELP, eventFilter } from '../event-options.ts';

const DEFAULT_LIMIT = 50;

export const eventsList: Command = {
  name: 'events list',
  summary: 'list accepted events, newest first',
  usage:
    '--org ID [--state S] [--source ID] [--type T] [--from T] [--to T] [--patient REF] [--limit N] [--before EVENT] [--json]',
  help: `
Lists events of one organization, newest first, without opening what is sealed.
${EVENT_OPTIONS_HELP}
  --limit N         at most this many (${DEFAULT_LIMIT})
  --before EVENT    go on behind this event: the next page
  --json            one JSON object a line

  portcullis events list --org mercy --state dead`,

  async run(argv, terminal) {
    const { values } = parseCommandLine(argv, {
      ...EVENT_OPTIONS,
      limit: { type: 'string' },
      before: { type: 'string' },
      json: { type: 'boolean' },
    });
    const filter = eventFilter(values, []);
    const before = values.before === undefined ? undefined : parseEventId(values.before);
    if (values.before !== undefined && before === undefined)
      throw new UsageError('--before needs the id of an event');
    const limit = positiveInteger('--limit', values.limit, DEFAULT_LIMIT);
    const { snapshot } = await loadConfiguration(terminal, values.config);
    const page = before === undefined ? filter : { ...filter, before };
    const events = withJournal(snapshot, terminal, (journal) => journal.reader.list(page, limit));
    if (values.json === true) for (const event of events) terminal.out(JSON.stringify(listingAsJson(event)));
    else terminal.out([...events.map(line), `${events.length} events`].join('\n'));
    return EXIT.ok;
  },
};

/** Times as RFC 3339 text. */
export function listingAsJson(event: EventListing): object {
  const { receivedAt, dueAt, ...rest } = event;
  return {
    ...rest,
    receivedAt: toInstant(receivedAt),
    ...(dueAt === undefined ? {} : { dueAt: toInstant(dueAt) }),
  };
}

function line(event: EventListing): string {
  const tail = event.reason === undefined ? '' : `  ${event.reason}`;
  const columns = [
    event.id,
    toInstant(event.receivedAt),
    event.state.padEnd(11),
    event.source,
    event.type,
    `${event.bodyBytes} B`,
  ];
  return `${columns.join('  ')}  attempts ${event.attempts}${tail}`;
}
