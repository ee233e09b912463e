import { parseCommandLine, requireOrganization } from '../arguments.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { loadConfiguration, operatorOf, withJournal } from '../configured.ts';

export const keysRotate: Command = {
  name: 'keys rotate',
  summary: "make a new generation of an organization's data key",
  usage: '--org ID [--config FILE]',
  help: `
From now on events of the organization are sealed under a new data key; what older generations sealed stays readable.
Works beside a running gateway, which takes the new key up with its next commit. Audited. Data keys also rotate by
themselves after keys.rotateDataKeysAfterDays.

To replace the master key instead, make a new one, name it in keys.master and the old one in keys.previousMasters, and
restart: the data keys are then wrapped anew, and the old master key can be taken out.

  portcullis keys rotate --org mercy`,

  async run(argv, terminal) {
    const { values } = parseCommandLine(argv, { config: { type: 'string' }, org: { type: 'string' } });
    const organization = requireOrganization(values.org);
    const { snapshot } = await loadConfiguration(terminal, values.config);
    if (!snapshot.config.organizations.some(({ id }) => id === organization)) {
      throw new UsageError(`the configuration has no organization ${organization}`);
    }
    const generation = withJournal(snapshot, terminal, (journal) =>
      journal.rotateDataKey(organization, operatorOf(terminal)),
    );
    terminal.out(`${organization}: data key generation ${generation} seals from now on`);
    return EXIT.ok;
  },
};
