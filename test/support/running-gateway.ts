import type { TestContext } from 'node:test';
import { createGateway } from '../../src/app.ts';
import { ConfigHolder } from '../../src/config/config-holder.ts';
import { ensureDevelopmentKeys } from '../../src/config/development-keys.ts';
import { createConfigLoader } from '../../src/config/load.ts';
import type { ConfigSnapshot } from '../../src/config/types.ts';
import type { Gateway } from '../../src/gateway.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silentLog } from '../../src/kernel/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { type ConfigurationOptions, type ConfiguredFolder, configureFolder } from './configured-folder.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { scratchFolder } from './scratch-folder.ts';

export interface RunningGateway extends ConfiguredFolder {
  readonly gateway: Gateway;
  readonly snapshot: ConfigSnapshot;
  readonly url: string;
  /** Of an operator on the same machine. */
  readonly terminal: FakeTerminal;
  stop(): Promise<void>;
}

/** The whole gateway in this process on a free port, as `serve` makes it; stopped when the test ends. */
export async function startGateway(
  t: TestContext,
  options: ConfigurationOptions = {},
): Promise<RunningGateway> {
  const configured = await configureFolder(await scratchFolder(t), options);
  const { file, environment } = configured;
  await ensureDevelopmentKeys(file, environment);
  const load = createConfigLoader({ environment, clock: systemClock });
  const result = await load(file);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { snapshot } = result;
  const gateway = await createGateway({
    holder: new ConfigHolder(snapshot, load),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    metrics: createMetrics(),
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= gateway.stop();
    return stopped;
  };
  t.after(stop);
  const address = await gateway.start();
  if (!('port' in address)) throw new Error('the gateway must listen on TCP');
  const url = `http://127.0.0.1:${address.port}`;
  return { ...configured, gateway, snapshot, url, terminal: new FakeTerminal(environment), stop };
}
