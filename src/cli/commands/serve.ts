import { createGateway } from '../../app.ts';
import { ConfigHolder } from '../../config/config-holder.ts';
import { formatProblems } from '../../config/problem.ts';
import type { Gateway } from '../../gateway.ts';
import type { ListenAddress } from '../../http/settings.ts';
import { errorCode } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/log.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { PRODUCT_VERSION } from '../../version.ts';
import { parseCommandLine } from '../arguments.ts';
import { type Command, EXIT, type Terminal } from '../command.ts';
import { loadWithDevelopmentKeys } from '../configured.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'run the gateway',
  usage: '[--config FILE]',
  help: `
Runs the gateway in the foreground until SIGTERM or SIGINT, then stops taking requests, finishes commits and drains
deliveries within http.shutdownDeadlineMs. SIGHUP reads the configuration again: sources, secrets and limits change as
one snapshot; a bad file leaves the running one in force and says why.

In the development profile, key files that the configuration names and that do not exist are made (mode 0600).
The log goes to standard output, one JSON object a line.

Exit status: 0 stopped on a signal, 70 failed, 78 configuration refused.

  portcullis serve
  portcullis serve --config /etc/portcullis/portcullis.yaml`,

  async run(argv, terminal) {
    const { values } = parseCommandLine(argv, { config: { type: 'string' } });
    const { snapshot, load } = await loadWithDevelopmentKeys(terminal, values.config);
    if (snapshot.warnings.length > 0) terminal.error(formatProblems(snapshot.warnings));
    const log = createLogger({ level: snapshot.config.log.level });
    const holder = new ConfigHolder(snapshot, load);
    try {
      const deps = { holder, clock: terminal.clock, random: Math.random, log, metrics: createMetrics() };
      const gateway = await createGateway(deps);
      const address = await gateway.start();
      const ended = serveUntilStopped(gateway, holder, terminal, log);
      // Not earlier: who reads that it listens may send a signal at once, and that must not find the default action.
      announce(address, log);
      log.flush();
      return await ended;
    } finally {
      log.flush();
    }
  },
};

function announce(address: ListenAddress, log: Log): void {
  const at = 'socket' in address ? { socket: address.socket } : { address: address.host, port: address.port };
  log.info('listening', { ...at, version: PRODUCT_VERSION });
}

async function serveUntilStopped(
  gateway: Gateway,
  holder: ConfigHolder,
  terminal: Terminal,
  log: Log,
): Promise<number> {
  terminal.onSignal('SIGHUP', () => {
    reload(gateway, holder, terminal, log).catch((error) =>
      log.error('reload failed', { code: errorCode(error) }),
    );
  });
  const stopped = new Promise<string>((resolve) => {
    terminal.onSignal('SIGTERM', () => resolve('SIGTERM'));
    terminal.onSignal('SIGINT', () => resolve('SIGINT'));
  });
  try {
    const signal = await Promise.race([stopped, gateway.failed]);
    log.info('stopping', { signal });
    await gateway.stop();
    log.info('stopped', { signal });
    return EXIT.ok;
  } catch (error) {
    log.error('the gateway cannot go on', { code: errorCode(error) });
    await gateway.stop().catch(() => undefined);
    return EXIT.failure;
  }
}

async function reload(gateway: Gateway, holder: ConfigHolder, terminal: Terminal, log: Log): Promise<void> {
  const result = await holder.reload();
  if (!result.ok) {
    terminal.error(
      `configuration not reloaded, the running one stays in force:\n${formatProblems(result.problems)}`,
    );
    log.error('configuration not reloaded', { count: result.problems.length });
    await gateway.reloadRefused(result.problems.length);
    return;
  }
  await gateway.reloaded(result.snapshot, result.restartNeeded);
  log.info('configuration reloaded', { sections: result.restartNeeded.join(',') });
}
