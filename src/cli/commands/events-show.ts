import { parseEventId } from '../../kernel/ids.ts';
import { parseCommandLine, requireOrganization } from '../arguments.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { loadConfiguration, operatorOf, withJournal } from '../configured.ts';
import { listingAsJson } from './events-list.ts';

export const eventsShow: Command = {
  name: 'events show',
  summary: 'show one event; with --payload its bytes',
  usage: 'EVENT --org ID [--payload | --content] [--json] [--config FILE]',
  help: `
Shows what is known of an event without opening its seal.

  --payload   write the webhook's bytes, unchanged, to standard output instead; audited as a payload view
  --content   show headers of record and focus references, too; audited as a payload view
  --json      on one line

  portcullis events show 0199f… --org mercy
  portcullis events show 0199f… --org mercy --payload > body.json`,

  async run(argv, terminal) {
    const { values, positionals } = parseCommandLine(
      argv,
      {
        config: { type: 'string' },
        org: { type: 'string' },
        payload: { type: 'boolean' },
        content: { type: 'boolean' },
        json: { type: 'boolean' },
      },
      true,
    );
    const organization = requireOrganization(values.org);
    const id = positionals.length === 1 ? parseEventId(positionals[0] ?? '') : undefined;
    if (id === undefined) throw new UsageError('name one event by its id');
    const { snapshot } = await loadConfiguration(terminal, values.config);
    return withJournal(snapshot, terminal, (journal) => {
      const listing = journal.reader.find(organization, id);
      if (listing === undefined) {
        terminal.error(`organization ${organization} has no event ${id}`);
        return EXIT.problem;
      }
      const opened =
        values.payload === true || values.content === true
          ? journal.viewContent(organization, id, operatorOf(terminal))
          : undefined;
      if (values.payload === true && opened !== undefined) {
        terminal.outBytes(opened.body);
        return EXIT.ok;
      }
      const shown = {
        ...listingAsJson(listing),
        ...(opened === undefined ? {} : { headers: opened.headers, foci: opened.foci }),
      };
      terminal.out(JSON.stringify(shown, undefined, values.json === true ? undefined : 2));
      return EXIT.ok;
    });
  },
};
