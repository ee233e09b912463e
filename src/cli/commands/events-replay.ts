import type { EventFilter, ReplayReport } from '../../forwarding/replay.ts';
import { selectsEverything } from '../../forwarding/replay-filter.ts';
import type { ReplayChunk } from '../../storage/journal/sqlite/operations.ts';
import type { SqliteJournal } from '../../storage/journal/sqlite/sqlite-journal.ts';
import { parseCommandLine } from '../arguments.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { loadConfiguration, operatorOf, withJournal } from '../configured.ts';
import { EVENT_OPTIONS, EVENT_OPTIONS_HELP, eventFilter } from '../event-options.ts';

export const eventsReplay: Command = {
  name: 'events replay',
  summary: 'deliver events anew, byte for byte; --dry-run says how many',
  usage:
    '[EVENT …] --org ID [--state S] [--source ID] [--type T] [--from T] [--to T] [--patient REF] [--dry-run] [--json]',
  help: `
Puts events back into delivery: the same bytes under the same id, marked ce-replay: true, with a fresh retry budget, at
the end of their lanes. Events that wait already are left alone. Each is audited. A running gateway takes them up within
a second; without one they go out at the next start. Name events, or select them; there is no default selection.
${EVENT_OPTIONS_HELP}
  --dry-run         say what would be replayed and change nothing
  --json            the report as JSON

  portcullis events replay --org mercy --state dead --source ehr --dry-run
  portcullis events replay 0199f… --org mercy`,

  async run(argv, terminal) {
    const { values, positionals } = parseCommandLine(
      argv,
      { ...EVENT_OPTIONS, 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } },
      true,
    );
    const filter = eventFilter(values, positionals);
    if (selectsEverything(filter))
      throw new UsageError('name events, or select some, for example --state dead');
    const { snapshot } = await loadConfiguration(terminal, values.config);
    const dryRun = values['dry-run'] === true;
    const bounded = { ...filter, receivedTo: filter.receivedTo ?? terminal.clock.now() + 1 };
    const report = withJournal(snapshot, terminal, (journal) =>
      dryRun ? journal.previewReplay(bounded) : replayAll(journal, bounded, operatorOf(terminal)),
    );
    if (values.json === true) terminal.out(JSON.stringify({ dryRun, ...report }));
    else
      terminal.out(
        `${report.taken} events ${dryRun ? 'would be' : 'were'} put back into delivery; ${report.pending} wait already`,
      );
    return EXIT.ok;
  },
};

/** In bounded commits, so that a running gateway gets its turns in between. */
function replayAll(journal: SqliteJournal, filter: EventFilter, actor: string): ReplayReport {
  const { pending } = journal.previewReplay(filter);
  let taken = 0;
  let after: number | undefined = 0;
  while (after !== undefined) {
    const chunk: ReplayChunk | undefined = journal.commit([], [{ kind: 'replay', filter, actor, after }])
      .written[0];
    journal.checkpoint();
    taken += chunk?.taken ?? 0;
    after = chunk?.after;
  }
  return { taken, pending };
}
