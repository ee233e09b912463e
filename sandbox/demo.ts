/**
 * The demo: the gateway as a process of its own between three sandbox EHRs and a sandbox core platform.
 * `--once` sends a fixed load and exits 0 only if all of it arrived as promised; without it, sends until Ctrl-C.
 */
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { paint } from './demo/report.ts';
import { type DemoOptions, runDemo } from './demo/run-demo.ts';
import { Screen } from './demo/screen.ts';

const HELP = `Runs the gateway between sandbox EHRs and a sandbox core platform and shows what flows.

  npm run demo                     until Ctrl-C, at --rate notifications a second
  npm run demo -- --once           a fixed load, a summary, and a truthful exit status

  --once         send --count notifications, wait until all is delivered, verify, exit 0 or 1
  --count N      notifications that --once sends (2000)
  --rate N       notifications a second without --once (100)
  --seed TEXT    repeats the choices of an earlier run
  --help         this text
`;

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    count: { type: 'string', default: '2000' },
    rate: { type: 'string', default: '100' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = (await runDemo(demoOptions())) ? 0 : 1;

function demoOptions(): DemoOptions {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const terminal = process.stdout.isTTY === true;
  const seed = values.seed ?? randomBytes(4).toString('hex');
  const started = new Date().toISOString().replace(/[:.]/g, '-');
  return {
    command: [process.execPath, join(root, 'src/main.ts')],
    folder: join(root, 'var/demo', `${started}-${process.pid}`),
    seed,
    ...(values.once ? { total: positive('count', values.count) } : {}),
    ratePerSecond: positive('rate', values.rate),
    screen: new Screen(process.stdout, terminal),
    paint: paint(terminal && !process.env.NO_COLOR),
    stop: interruption(),
    stallMs: 30_000,
  };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  process.stderr.write(`--${name} takes a whole number above 0\n`);
  return process.exit(2);
}

/** Aborts at the first Ctrl-C or SIGTERM; the second ends the program, and with it the gateway. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return controller.signal;
}
