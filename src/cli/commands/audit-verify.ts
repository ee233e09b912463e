import type { ChainVerdict } from '../../audit/verify.ts';
import { GatewayError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { verifyAuditChains } from '../../storage/journal/sqlite/audit-reader.ts';
import { parseCommandLine, requireOrganization } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { loadConfiguration } from '../configured.ts';

const EXIT_ALTERED = 1;
const EXIT_GAP = 2;

export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'recompute the audit chains and say whether anything was altered',
  usage: '[--config FILE | --journal FILE] [--org ID] [--json]',
  help: `
Recomputes every record of every organization's audit chain (and of the gateway's own, "_gateway") from the journal
file. Needs no key and no running gateway, and works beside one. With --journal no configuration is read at all.

Exit status: 0 every chain intact, 1 a record was altered, 2 a record is missing, 64 wrong arguments, 70 nothing to read.
When one chain was altered and another has a gap, 1.

  portcullis audit verify
  portcullis audit verify --org mercy --json
  portcullis audit verify --journal /backup/journal.db`,

  async run(argv, terminal) {
    const { values } = parseCommandLine(argv, {
      config: { type: 'string' },
      journal: { type: 'string' },
      org: { type: 'string' },
      json: { type: 'boolean' },
    });
    const path =
      values.journal ?? (await loadConfiguration(terminal, values.config)).snapshot.config.journal.path;
    const organization =
      values.org === undefined || values.org === '_gateway' ? values.org : requireOrganization(values.org);
    const reports = await verifyAuditChains(path, organization as OrganizationId | undefined);
    if (organization !== undefined && reports.length === 0) throw chainMissing(organization, path);
    const records = reports.reduce((sum, { verdict }) => sum + verdict.records, 0);
    const exit = exitOf(reports.map(({ verdict }) => verdict));
    if (values.json === true) {
      const chains = reports.map(({ organization: org, verdict }) => ({ organization: org, ...verdict }));
      terminal.out(JSON.stringify({ intact: exit === EXIT.ok, records, chains }));
    } else {
      for (const report of reports) terminal.out(`${report.organization}: ${describe(report.verdict)}`);
      const intact = `intact: ${records} records in ${reports.length} chains`;
      terminal.out(exit === EXIT.ok ? intact : 'NOT intact');
    }
    return exit;
  },
};

/** Nothing to verify must not pass for verified. */
function chainMissing(organization: string, path: string): GatewayError {
  const message = `the journal ${path} has no audit chain of ${organization}`;
  return new GatewayError('audit-chain-missing', 'refuse', message);
}

function exitOf(verdicts: readonly ChainVerdict[]): number {
  if (verdicts.some(({ kind }) => kind === 'altered')) return EXIT_ALTERED;
  return verdicts.some(({ kind }) => kind === 'gap') ? EXIT_GAP : EXIT.ok;
}

function describe(verdict: ChainVerdict): string {
  switch (verdict.kind) {
    case 'intact':
      return `intact, ${verdict.records} records, head ${verdict.head}`;
    case 'altered':
      return `ALTERED at sequence ${verdict.sequence}; ${verdict.records} records before it are intact`;
    case 'gap':
      return `GAP: sequence ${verdict.sequence} is missing; ${verdict.records} records before it are intact`;
  }
}
