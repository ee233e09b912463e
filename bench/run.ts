import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench-context.ts';
import { type CommandLine, parseCommandLine, USAGE } from './command-line.ts';
import { makeRequestSet } from './load/request-set.ts';
import { describeCommit, describeMachine } from './measure/machine.ts';
import { readSections, renderReport, type Section, withSection, writeSections } from './report.ts';
import { coldStart } from './scenarios/cold-start.ts';
import { forwarding } from './scenarios/forwarding.ts';
import { DiskTooSmall, LargeJournals } from './scenarios/large-journals.ts';
import { latency } from './scenarios/latency.ts';
import { memory } from './scenarios/memory.ts';
import type { Findings, Scenario } from './scenarios/scenario.ts';
import { throughput } from './scenarios/throughput.ts';
import { verification } from './scenarios/verification.ts';
import { FULL, QUICK } from './sizes.ts';

/** The benchmark: scenarios one after the other, each written down as soon as it is done. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VAR = join(ROOT, 'var');
const SCENARIOS: readonly Scenario[] = [throughput, latency, forwarding, memory, verification, coldStart];

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const commandLine = parseCommandLine(
    process.argv.slice(2),
    SCENARIOS.map(({ id }) => id),
  );
  if (commandLine.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  mkdirSync(join(VAR, 'bench'), { recursive: true });
  const folder = mkdtempSync(join(VAR, 'bench', 'run-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  await runScenarios(commandLine, folder);
}

async function runScenarios({ quick, scenarios }: CommandLine, folder: string): Promise<void> {
  const sizes = quick ? QUICK : FULL;
  note(`signing ${sizes.requests} requests`);
  const requests = await makeRequestSet(folder, sizes.requests, randomBytes(32).toString('hex'));
  const bench: Bench = { folder, sizes, requests, journals: new LargeJournals(), note };
  const machine = describeMachine(folder);
  const commit = describeCommit(ROOT);
  const command = [
    'npm run bench',
    ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
  ].join(' ');
  const stored = join(VAR, quick ? 'bench-quick.json' : 'bench-results.json');
  const report = quick ? join(VAR, 'bench-quick.md') : join(ROOT, 'bench', 'RESULTS.md');
  let sections = readSections(stored);
  for (const scenario of SCENARIOS.filter(({ id }) => scenarios.includes(id))) {
    note(`${scenario.id} ${scenario.title}`);
    const findings = await findingsOf(scenario, bench);
    const measuredAt = new Date().toISOString();
    sections = withSection(sections, {
      id: scenario.id,
      title: scenario.title,
      measuredAt,
      commit,
      command,
      ...findings,
    });
    writeSections(stored, sections);
    writeFileSync(report, renderReport({ sections, machine, quick }));
  }
  tell(
    sections.filter(({ id }) => scenarios.includes(id)),
    report,
  );
}

async function findingsOf(scenario: Scenario, bench: Bench): Promise<Findings> {
  try {
    return await scenario.run(bench);
  } catch (error) {
    if (!(error instanceof DiskTooSmall)) throw error;
    return { text: `Not measured: ${error.message}.`, targets: [] };
  }
}

function tell(sections: readonly Section[], report: string): void {
  for (const { id, targets } of sections) {
    for (const { what, wanted, measured, met } of targets) {
      process.stdout.write(`${id} ${met ? 'met   ' : 'MISSED'} ${what}: ${measured} (wanted ${wanted})\n`);
    }
  }
  process.stdout.write(`written to ${report}\n`);
}

function note(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
