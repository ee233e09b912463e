import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CorePlatform, startCorePlatform } from '../core-platform/core-platform.ts';
import { readResourceVersions } from '../ehr/resource-versions.ts';
import { pause } from '../ehr/retry.ts';
import { type EhrRun, startEhr } from '../ehr/run.ts';
import { EhrSender } from '../ehr/sender.ts';
import { type AuditVerification, verifyAudit } from './audit-verification.ts';
import { gatewayConfig } from './gateway-config.ts';
import { freePort, GatewayProcess } from './gateway-process.ts';
import { type Paint, progressBlock, progressLine, summary } from './report.ts';
import {
  DEMO_FAULTS,
  type DemoSource,
  demoSources,
  newSecret,
  signerOf,
  sourceName,
  splitLoad,
  workloadsOf,
} from './scenario.ts';
import type { Screen } from './screen.ts';
import { Tracker } from './tracker.ts';
import { findFailures } from './verdict.ts';

export interface DemoOptions {
  /** Program and arguments before the portcullis command, such as `[node, src/main.ts]`. */
  readonly command: readonly string[];
  /** An empty folder for this run: configuration, keys, journal and log of the gateway. */
  readonly folder: string;
  readonly seed: string;
  /** Originals to send in all; without it the demo sends at `ratePerSecond` until it is stopped. */
  readonly total?: number;
  readonly ratePerSecond: number;
  readonly screen: Screen;
  readonly paint: Paint;
  /** Ends the run in order: no new sendings, drain, stop, verify, summary. */
  readonly stop: AbortSignal;
  /** How long nothing may move while something is due, ms. */
  readonly stallMs: number;
}

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;

/** Runs the demo. @returns whether everything it promises came true. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const tracker = new Tracker();
  const secret = newSecret();
  const core = await startCorePlatform({
    secret,
    orderMarks: readResourceVersions,
    onDelivery: tracker.onDelivery,
  });
  try {
    return await new Demo(options, tracker, core, secret).run();
  } finally {
    await core.close();
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #tracker: Tracker;
  readonly #core: CorePlatform;
  readonly #secret: string;
  readonly #sources = demoSources();
  readonly #configFile: string;
  readonly #logFile: string;
  readonly #startedAt = performance.now();
  #cutShort: string | undefined;

  constructor(options: DemoOptions, tracker: Tracker, core: CorePlatform, secret: string) {
    this.#options = options;
    this.#tracker = tracker;
    this.#core = core;
    this.#secret = secret;
    this.#configFile = join(options.folder, 'portcullis.yaml');
    this.#logFile = join(options.folder, 'gateway.log');
  }

  async run(): Promise<boolean> {
    const url = `http://127.0.0.1:${await this.#configure()}`;
    const { command } = this.#options;
    const gateway = new GatewayProcess({
      command,
      configFile: this.#configFile,
      logFile: this.#logFile,
      url,
    });
    try {
      if (!(await gateway.ready(READY_DEADLINE_MS, this.#options.stop))) return await this.#notReady(gateway);
      this.#introduce(url, gateway);
      await this.#sendAndDrain(url, gateway);
    } finally {
      await gateway.stop(STOP_DEADLINE_MS);
    }
    return this.#conclude(gateway, await verifyAudit(command, this.#configFile));
  }

  async #configure(): Promise<number> {
    const { folder } = this.#options;
    const port = await freePort();
    const core = { url: this.#core.url, secret: this.#secret };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.#configFile, gatewayConfig({ folder, port, core, sources: this.#sources }), {
      mode: 0o600,
    });
    return port;
  }

  async #notReady(gateway: GatewayProcess): Promise<boolean> {
    const why =
      gateway.exit === undefined ? 'was not ready in time' : `ended with exit code ${gateway.exit.code}`;
    const { screen, paint, stop } = this.#options;
    const text = stop.aborted
      ? 'stopped before the gateway was ready'
      : `the gateway ${why}; its log: ${this.#logFile}`;
    screen.print([paint.bad(`failed: ${text}`), '0 sent, 0 accepted, 0 delivered, 1 failed']);
    return false;
  }

  #introduce(url: string, gateway: GatewayProcess): void {
    this.#options.screen.print([
      `Portcullis runs as process ${gateway.pid} at ${url}`,
      `  health   ${url}/health/ready   metrics  ${url}/metrics`,
      `  log      ${this.#logFile}`,
      `  core platform (sandbox) at ${this.#core.url}`,
      ...this.#sources.map(
        (one) => `  ${sourceName(one).padEnd(14)} sends ${one.format}, signed ${one.scheme}`,
      ),
      this.#options.total === undefined
        ? 'Sending until Ctrl-C.'
        : `Sending ${this.#options.total} notifications.`,
    ]);
  }

  async #sendAndDrain(url: string, gateway: GatewayProcess): Promise<void> {
    const hardStop = new AbortController();
    const finished = new AbortController();
    const senders = this.#sources.map((source) => this.#sender(url, source, hardStop.signal));
    const runs = this.#startAll(senders);
    const progress = this.#showProgress(finished.signal);
    const sending = Promise.all(runs.map((run) => run.done));
    const stop = () => {
      for (const run of runs) run.stop();
    };
    this.#options.stop.addEventListener('abort', stop, { once: true });
    if (this.#options.stop.aborted) stop();
    await this.#untilSettled(sending, gateway);
    hardStop.abort();
    await sending;
    finished.abort();
    await progress;
    this.#options.stop.removeEventListener('abort', stop);
    for (const sender of senders) sender.close();
  }

  #sender(url: string, source: DemoSource, signal: AbortSignal): EhrSender {
    const target = `${url}/webhooks/${sourceName(source)}`;
    // Twice the lanes, as some notifications are sent twice at once.
    const connections = source.lanes * 2;
    return new EhrSender({ name: sourceName(source), target, signer: signerOf(source), connections, signal });
  }

  #startAll(senders: readonly EhrSender[]): EhrRun[] {
    const { seed, total, ratePerSecond } = this.#options;
    const split = splitLoad(this.#sources, total ?? 0);
    return this.#sources.flatMap((source, index) => {
      const sender = senders[index];
      if (sender === undefined) return [];
      const amount =
        total === undefined ? { ratePerSecond: ratePerSecond * source.share } : { total: split[index] ?? 0 };
      const workloads = workloadsOf(source, seed);
      return [
        startEhr({
          sender,
          workloads,
          faults: DEMO_FAULTS,
          seed,
          onOutcome: this.#tracker.onOutcome,
          ...amount,
        }),
      ];
    });
  }

  /** Until all is sent and delivered, or the gateway ends, or nothing has moved for too long. */
  async #untilSettled(sending: Promise<unknown>, gateway: GatewayProcess): Promise<void> {
    const never = new AbortController().signal;
    const { counts } = this.#tracker;
    let sent = false;
    let seen = -1;
    let movedAt = performance.now();
    void sending.then(() => {
      sent = true;
    });
    while (!sent || this.#tracker.undelivered > 0) {
      const moves = counts.sent + counts.delivered;
      if (moves !== seen) movedAt = performance.now();
      seen = moves;
      const idle = this.#options.stallMs < performance.now() - movedAt;
      if (idle) this.#cutShort = `nothing moved for ${Math.round(this.#options.stallMs / 1000)} s`;
      if (gateway.exit !== undefined) this.#cutShort = 'the gateway ended while it was needed';
      if (this.#cutShort !== undefined) return;
      await pause(25, never);
    }
  }

  async #showProgress(finished: AbortSignal): Promise<void> {
    const { screen } = this.#options;
    let before = 0;
    while (await pause(screen.inPlace ? 250 : 1000, finished)) {
      const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
      const perSecond = (this.#tracker.counts.sent - before) * 4;
      before = this.#tracker.counts.sent;
      if (screen.inPlace) screen.show(progressBlock(this.#tracker, seconds, perSecond, this.#options.paint));
      else screen.print([progressLine(this.#tracker, seconds)]);
    }
  }

  #conclude(gateway: GatewayProcess, audit: AuditVerification): boolean {
    const { stop, total, screen, paint } = this.#options;
    const interrupted =
      stop.aborted && total !== undefined ? 'interrupted before everything was sent' : undefined;
    const end = {
      tracker: this.#tracker,
      core: this.#core,
      audit,
      gateway: gateway.exit,
      organizations: [...new Set(this.#sources.map((source) => source.organization))],
      cutShort: this.#cutShort ?? interrupted,
    };
    const failures = findFailures(end);
    screen.print(summary(end, failures, paint));
    return failures.length === 0;
  }
}
