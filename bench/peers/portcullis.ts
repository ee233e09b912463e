import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../sandbox/demo/gateway-process.ts';
import { Child } from '../measure/child-process.ts';
import { type CoreKind, startCore } from './core-peer.ts';
import type { Peer, RunningPeer } from './peer.ts';

export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const PATH = '/webhooks/mercy/ehr';

/** A gateway's home: configuration, keys, journal. The process can be started in it again and again. */
export interface GatewayHome {
  readonly folder: string;
  readonly port: number;
  /** Where the core platform is, or will be. */
  readonly corePort: number;
  readonly configFile: string;
  readonly journalFile: string;
}

/** Writes the configuration: defaults, but for ports, paths and the source's scheme. */
export async function makeHome(folder: string, secret: string): Promise<GatewayHome> {
  mkdirSync(folder, { recursive: true });
  const home = {
    folder,
    port: await freePort(),
    corePort: await freePort(),
    configFile: join(folder, 'portcullis.json'),
    journalFile: join(folder, 'journal.db'),
  };
  writeFileSync(home.configFile, JSON.stringify(configuration(home, secret)));
  return home;
}

function configuration(home: GatewayHome, secret: string) {
  const signature = { scheme: 'github', secrets: [{ id: 'k1', value: secret }] };
  return {
    profile: 'development',
    http: { listen: { host: '127.0.0.1', port: home.port } },
    journal: { engine: 'sqlite', path: home.journalFile },
    coordination: { engine: 'local' },
    keys: {
      master: { file: join(home.folder, 'keys/master.key') },
      auditSigning: { file: join(home.folder, 'keys/audit.pem') },
    },
    core: {
      url: `http://127.0.0.1:${home.corePort}/events`,
      signingSecret: { file: join(home.folder, 'keys/core.secret') },
    },
    organizations: [
      { id: 'mercy', name: 'Mercy Health', sources: [{ id: 'ehr', profile: 'backport-r4', signature }] },
    ],
    log: { level: 'info' },
  };
}

/** What the gateway has counted since it started. */
export interface GatewayCounts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly delivered: number;
  readonly backlog: number;
  readonly meanCommit: number;
}

/** A gateway that runs. */
export class RunningGateway implements RunningPeer {
  readonly home: GatewayHome;
  /** From the start of the process until it took connections. */
  readonly startMs: number;
  readonly #child: Child;

  private constructor(home: GatewayHome, child: Child, startMs: number) {
    this.home = home;
    this.#child = child;
    this.startMs = startMs;
  }

  /** The real program, as `npm start` runs it, with its log in a file. */
  static async start(home: GatewayHome): Promise<RunningGateway> {
    const child = new Child({
      name: 'portcullis',
      program: process.execPath,
      args: [MAIN, 'serve', '--config', home.configFile],
      logFile: join(home.folder, 'portcullis.log'),
    });
    return new RunningGateway(home, child, await child.listening(home.port));
  }

  get pid(): number {
    return this.#child.pid;
  }

  get target() {
    return { host: '127.0.0.1', port: this.home.port, path: PATH };
  }

  async counts(): Promise<GatewayCounts> {
    const answer = await fetch(`http://127.0.0.1:${this.home.port}/metrics`);
    const text = await answer.text();
    return {
      accepted: sample(text, 'portcullis_inbound_requests_total', 'outcome="accepted"'),
      duplicates: sample(text, 'portcullis_inbound_requests_total', 'outcome="duplicate"'),
      delivered: sample(text, 'portcullis_forward_attempts_total', 'kind="delivered"'),
      backlog: sample(text, 'portcullis_backlog_events'),
      meanCommit:
        sample(text, 'portcullis_journal_commit_operations_sum') /
        sample(text, 'portcullis_journal_commit_operations_count'),
    };
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}

/** Sum of a metric's samples whose labels hold a text. */
function sample(text: string, name: string, label = ''): number {
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith(name) && /[{ ]/.test(line.charAt(name.length)));
  const values = lines
    .filter((line) => line.includes(label))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))));
  return values.reduce((sum, value) => sum + value, 0);
}

/** The gateway as a peer: a fresh journal each time; the core platform is down, or runs beside it. */
export function portcullisPeer(secret: string, core: CoreKind | 'down'): Peer {
  return {
    id: `portcullis-${core}`,
    title: `Portcullis, durable, encrypted, audited; core platform ${core === 'down' ? 'down' : `up (${core})`}`,
    async start(folder) {
      const home = await makeHome(folder, secret);
      const platform = core === 'down' ? undefined : await startCore(core, folder, home.corePort);
      const gateway = await RunningGateway.start(home);
      const stop = async () => {
        await gateway.stop();
        await platform?.stop();
      };
      const stored = async () => (await gateway.counts()).accepted;
      return { pid: gateway.pid, target: gateway.target, stored, stop };
    },
  };
}
