import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { OrganizationParts } from '../../support/gateway-config.ts';
import { GatewayHome } from '../../support/gateway-home.ts';
import type { GatewayProcess, LaunchOptions } from '../../support/gateway-process.ts';
import { type HttpAnswer, request } from '../../support/http-request.ts';
import { RecordingCore } from '../../support/recording-core.ts';

export interface StageOptions {
  readonly organizations: readonly OrganizationParts[];
  readonly core?: object;
  readonly http?: object;
  readonly logLevel?: string;
  readonly port?: number;
  readonly launch?: Omit<LaunchOptions, 'configFile'>;
}

/** A gateway process between a test that plays the EHR and a core platform that records. */
export interface Stage {
  readonly home: GatewayHome;
  readonly core: RecordingCore;
  readonly gateway: GatewayProcess;
}

export async function startStage(t: TestContext, options: StageOptions): Promise<Stage> {
  const home = await GatewayHome.make(t);
  const core = await RecordingCore.start(home.coreSecret);
  home.defer(() => core.close());
  const { launch, ...parts } = options;
  await home.configure({ coreUrl: core.url, ...parts });
  return { home, core, gateway: await home.start(launch) };
}

/** Posts a webhook to a source. */
export function post(
  gateway: GatewayProcess,
  source: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<HttpAnswer> {
  const typed = { 'content-type': 'application/fhir+json', ...headers };
  return request(`${gateway.url}/webhooks/${source}`, { method: 'POST', headers: typed, body });
}

/** The event id of a 2xx. @throws AssertionError for anything else. */
export function receipt({ status, headers, body }: HttpAnswer): string {
  assert.equal(status, 200, body.toString());
  const id = headers['portcullis-event-id'];
  assert.ok(typeof id === 'string', 'portcullis-event-id');
  return id;
}
