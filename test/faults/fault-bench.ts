import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type CorePlatform, startCorePlatform } from '../../sandbox/core-platform/core-platform.ts';
import { AcknowledgementLedger } from '../../sandbox/ehr/acknowledgements.ts';
import type { Mix } from '../../sandbox/ehr/mix.ts';
import { standardWebhooksSigner } from '../../sandbox/ehr/signing.ts';
import { createWorkload, type Notification, type Workload } from '../../sandbox/ehr/workload.ts';
import { DirectSender } from '../support/direct-sender.ts';
import { newWebhookSecret, standardSource } from '../support/gateway-config.ts';
import { GatewayHome } from '../support/gateway-home.ts';
import type { GatewayProcess, LaunchOptions } from '../support/gateway-process.ts';
import type { HttpAnswer } from '../support/http-request.ts';
import { until } from '../support/until.ts';
import { assertNothingLost } from './expectations.ts';

export interface FaultBenchOptions {
  readonly journalPath?: (home: GatewayHome) => string;
  readonly minFreeBytes?: number;
  readonly mix?: Partial<Mix>;
  /** Work before the gateway is started. */
  readonly prepare?: (home: GatewayHome) => Promise<void>;
  readonly launch: (home: GatewayHome) => Omit<LaunchOptions, 'configFile'>;
}

const RECOVERY = { deadlineMs: 30_000, everyMs: 100 };

/** A gateway whose disk is to fail, one EHR that sends notification by notification, and a core platform. */
export class FaultBench {
  readonly home: GatewayHome;
  readonly core: CorePlatform;
  readonly gateway: GatewayProcess;
  readonly ledger = new AcknowledgementLedger();
  readonly sender: DirectSender;
  readonly #workload: Workload;
  /** Answered with a refusal so far; an EHR would send them again. */
  readonly refused: Notification[] = [];

  private constructor(home: GatewayHome, core: CorePlatform, gateway: GatewayProcess, sender: BenchSender) {
    this.home = home;
    this.core = core;
    this.gateway = gateway;
    const signer = standardWebhooksSigner(sender.secret);
    const target = () => `${gateway.url}/webhooks/mercy/ehr`;
    this.sender = new DirectSender({ name: 'mercy/ehr', target, signer, ledger: this.ledger });
    this.#workload = createWorkload({
      format: 'backport-r4',
      seed: 'faults',
      lane: 'mercy/ehr',
      now: Date.now,
      mix: { types: { Observation: 1 }, ...sender.mix },
    });
  }

  static async start(t: TestContext, options: FaultBenchOptions): Promise<FaultBench> {
    const home = await GatewayHome.make(t);
    const core = await startCorePlatform({ secret: home.coreSecret });
    home.defer(() => core.close());
    const secret = newWebhookSecret();
    await home.configure({
      coreUrl: core.url,
      journalPath: options.journalPath?.(home) ?? home.journal,
      limits: { minFreeBytes: options.minFreeBytes ?? 0 },
      organizations: [{ id: 'mercy', sources: [standardSource('ehr', secret)] }],
    });
    await options.prepare?.(home);
    const gateway = await home.start(options.launch(home));
    return new FaultBench(home, core, gateway, { secret, mix: options.mix ?? {} });
  }

  /** Sends a new notification once. */
  async send(): Promise<HttpAnswer> {
    const notification = this.#workload.next();
    const answer = await this.sender.send(notification);
    if (answer.status !== 200) this.refused.push(notification);
    return answer;
  }

  async sendAccepted(count: number): Promise<void> {
    for (let sent = 0; sent < count; sent += 1) assert.equal((await this.send()).status, 200);
  }

  /** Has one more notification accepted, to be sent again. */
  async sendKnown(): Promise<Notification> {
    const notification = this.#workload.next();
    assert.equal((await this.sender.send(notification)).status, 200);
    return notification;
  }

  sendForged(): Promise<HttpAnswer> {
    return this.sender.send(this.#workload.next(), 'bad-signature');
  }

  /** Sends new notifications, of which none may be accepted, and sees that the gateway lives and says why. */
  async assertRefusing(count: number, reason: string): Promise<void> {
    for (let sent = 0; sent < count; sent += 1) assertUnavailable(await this.send());
    const together = await Promise.all(Array.from({ length: count }, () => this.send()));
    together.forEach(assertUnavailable);
    await until(`unready for ${reason}`, async () => {
      assertUnavailable(await this.send());
      const { status, reasons } = await this.gateway.health();
      return status === 503 && reasons.includes(reason);
    });
    assert.equal(this.gateway.exit, undefined, 'the process lives');
  }

  /** The fault is over: without a restart new notifications are accepted again, and those refused before. */
  async assertRecovers(): Promise<void> {
    await until('accepting again', async () => (await this.send()).status === 200, RECOVERY);
    await until('ready again', async () => (await this.gateway.health()).status === 200, RECOVERY);
    assert.equal(this.gateway.exit, undefined, 'the process lives');
    for (const notification of this.refused.splice(0)) {
      const { status } = await this.sender.send(notification);
      assert.equal(status, 200, `${notification.id} sent again`);
    }
  }

  /** Everything acknowledged reaches the core platform, unaltered, under one id. */
  async assertDelivered(): Promise<void> {
    const { log } = this.core.received;
    await until(
      'delivery of what was acknowledged',
      () => [...this.ledger].every(({ eventId }) => log.find(eventId) !== undefined),
      { deadlineMs: 60_000 },
    );
    assertNothingLost(this.ledger, this.core);
    await until(
      'an empty backlog',
      async () => (await this.gateway.metric('portcullis_backlog_events')) === 0,
    );
  }
}

type BenchSender = { readonly secret: string; readonly mix: Partial<Mix> };

export function assertUnavailable({ status, headers }: HttpAnswer): void {
  assert.equal(status, 503);
  assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
}
