import assert from 'node:assert/strict';
import { compareAcknowledged } from '../../sandbox/agreement.ts';
import type { CorePlatform } from '../../sandbox/core-platform/core-platform.ts';
import type { AcknowledgementLedger } from '../../sandbox/ehr/acknowledgements.ts';
import { assertChainSound, recordTexts } from '../support/audit-chain.ts';
import type { GatewayHome } from '../support/gateway-home.ts';
import { eventsOf, readChain } from '../support/journal-file.ts';

/** The EHR's own list against what the core platform took: nothing missing, altered or under two ids. */
export function assertNothingLost(ledger: AcknowledgementLedger, core: CorePlatform): void {
  const { missing, altered, contradictions } = compareAcknowledged(ledger, core.received.log);
  assert.deepEqual({ missing, altered, contradictions }, { missing: [], altered: [], contradictions: [] });
  assert.deepEqual(core.violations.first, [], 'violations that the core platform saw');
}

/** Every event the journal lists has exactly one acceptance record, at the place it names, and there are no others. */
export async function assertAudited(
  home: GatewayHome,
  organization: string,
  prefix: readonly string[] = [],
): Promise<number> {
  const events = await home.json(['events', 'list', '--org', organization, '--limit', '100000000'], prefix);
  const chain = readChain(home.journal, organization);
  assertChainSound(organization, chain);
  const records = recordTexts(chain);
  const listed = events.map(({ id }) => String(id)).toSorted();
  assert.deepEqual(eventsOf(records, 'event.accept').toSorted(), listed);
  for (const { id, auditSequence } of events) {
    const record = records[Number(auditSequence) - 1];
    assert.equal(record?.action, 'event.accept');
    assert.equal(record?.target, `event:${String(id)}`);
  }
  return events.length;
}

/** `audit verify` exits 0. @returns records verified. */
export async function assertChainVerifies(
  home: GatewayHome,
  prefix: readonly string[] = [],
): Promise<number> {
  const { code, stdout, stderr } = await home.run(['audit', 'verify', '--json'], prefix);
  assert.equal(code, 0, `audit verify: ${stdout}${stderr}`);
  return Number((JSON.parse(stdout.toString()) as { records: number }).records);
}
