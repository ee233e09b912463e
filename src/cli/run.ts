import { errorMessage } from '../kernel/errors.ts';
import { PRODUCT_VERSION } from '../version.ts';
import { type Command, EXIT, type Terminal, UsageError } from './command.ts';
import { auditVerify } from './commands/audit-verify.ts';
import { check } from './commands/check.ts';
import { eventsList } from './commands/events-list.ts';
import { eventsReplay } from './commands/events-replay.ts';
import { eventsShow } from './commands/events-show.ts';
import { keysRotate } from './commands/keys-rotate.ts';
import { serve } from './commands/serve.ts';
import { sign } from './commands/sign.ts';
import { token } from './commands/token.ts';
import { ConfigRefused, isExpected } from './configured.ts';

const COMMANDS: readonly Command[] = [
  serve,
  check,
  sign,
  token,
  eventsList,
  eventsShow,
  eventsReplay,
  auditVerify,
  keysRotate,
];

/** Runs one command line. @returns the exit status. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first] = argv;
  if (first === '--version') {
    terminal.out(PRODUCT_VERSION);
    return EXIT.ok;
  }
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    terminal.out(overview());
    return first === undefined ? EXIT.usage : EXIT.ok;
  }
  const command = COMMANDS.find(({ name }) => name.split(' ').every((word, at) => argv[at] === word));
  if (command === undefined) return unknownCommand(argv, terminal);
  const rest = argv.slice(command.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(`Usage: portcullis ${command.name} ${command.usage}\n\n${command.help.trim()}`);
    return EXIT.ok;
  }
  return runGuarded(command, rest, terminal);
}

async function runGuarded(command: Command, rest: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.error(
        `portcullis ${command.name}: ${error.message}\nUsage: portcullis ${command.name} ${command.usage}`,
      );
      return EXIT.usage;
    }
    if (error instanceof ConfigRefused) {
      terminal.error(error.message);
      return EXIT.config;
    }
    terminal.error(
      `portcullis ${command.name}: ${isExpected(error) ? `${error.message} [${error.code}]` : describe(error)}`,
    );
    return EXIT.failure;
  }
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? ` [${String(error.code)}]` : '';
  return `${errorMessage(error)}${code}`;
}

function unknownCommand(argv: readonly string[], terminal: Terminal): number {
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${argv[0]} `));
  const known = (group.length > 0 ? group : COMMANDS).map(({ name }) => name).join(', ');
  terminal.error(`portcullis: there is no command "${argv.slice(0, 2).join(' ')}"; known: ${known}`);
  return EXIT.usage;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const rows = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `Portcullis ${PRODUCT_VERSION}: the guarded door between hospitals' systems and a clinical core platform.`,
    '',
    'Usage: portcullis <command> [options]',
    '',
    ...rows,
    '',
    'Every command that reads state takes --config FILE (else PORTCULLIS_CONFIG, else config/portcullis.yaml).',
    'portcullis <command> --help explains one, with examples.',
    `Exit status: 0 done, ${EXIT.usage} wrong arguments, ${EXIT.failure} failed, ${EXIT.config} configuration refused; others as the command says.`,
  ].join('\n');
}
