import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { ensureDevelopmentKeys } from '../../config/development-keys.ts';
import { configFile } from '../../config/environment.ts';
import { loadConfig } from '../../config/load.ts';
import { type ConfigProblem, formatProblems, hasErrors } from '../../config/problem.ts';
import type { ConfigSnapshot } from '../../config/types.ts';
import { GatewayError } from '../../kernel/errors.ts';
import { checkCanaryReadOnly } from '../../storage/journal/sqlite/key-store.ts';
import { parseCommandLine } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';

const CONNECT_TIMEOUT_MS = 3_000;

export const check: Command = {
  name: 'check',
  summary: 'judge the configuration, the keys and what must be reachable; lists every problem',
  usage: '[--config FILE] [--strict] [--json]',
  help: `
Judges the configuration file against its schema and for sense, every secret, whether the master key opens the journal,
and whether the core platform can be reached. Lists all problems at once, each with file, line, key and remedy.
A core platform that cannot be reached is a warning, since the gateway accepts and keeps events without it.

Exit status: 0 nothing but warnings, 1 problems; with --strict warnings count as problems.

  portcullis check --config /etc/portcullis/portcullis.yaml`,

  async run(argv, terminal) {
    const { values } = parseCommandLine(argv, {
      config: { type: 'string' },
      strict: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    const { environment, clock } = terminal;
    const file = configFile(environment, values.config);
    await ensureDevelopmentKeys(file, environment);
    const result = await loadConfig(file, { environment, clock });
    const problems = result.ok
      ? [...result.snapshot.warnings, ...checkJournal(result.snapshot), ...(await checkCore(result.snapshot))]
      : result.problems;
    const failed = hasErrors(problems) || (values.strict === true && problems.length > 0);
    if (values.json === true) {
      terminal.out(JSON.stringify({ ok: !failed, problems }));
    } else {
      if (problems.length > 0) terminal.out(formatProblems(problems));
      terminal.out(
        failed
          ? `${file}: ${problems.length} problems`
          : `${file}: ok${problems.length > 0 ? ', with warnings' : ''}`,
      );
    }
    return failed ? EXIT.problem : EXIT.ok;
  },
};

function problem(
  file: string,
  path: string,
  facts: Pick<ConfigProblem, 'severity' | 'code' | 'message' | 'remedy'>,
): ConfigProblem {
  return { ...facts, file, line: undefined, path };
}

function checkJournal({ file, config, secrets }: ConfigSnapshot): ConfigProblem[] {
  if (!existsSync(config.journal.path)) return [];
  try {
    checkCanaryReadOnly(config.journal.path, secrets.masterKeys);
    return [];
  } catch (error) {
    const code = error instanceof GatewayError ? error.code : 'journal-unreadable';
    const message = error instanceof GatewayError ? error.message : 'the journal cannot be read';
    return [
      problem(file, 'keys.master', {
        severity: 'error',
        code,
        message,
        remedy: 'restore the key or the journal from a backup',
      }),
    ];
  }
}

async function checkCore({ file, config }: ConfigSnapshot): Promise<ConfigProblem[]> {
  const url = new URL(config.core.url);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (await canConnect(host, port)) return [];
  const message = `nothing answers at ${url.host}`;
  const remedy = 'start the core platform, or correct core.url; until then events are kept';
  return [problem(file, 'core.url', { severity: 'warning', code: 'core-unreachable', message, remedy })];
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const end = (reached: boolean) => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
