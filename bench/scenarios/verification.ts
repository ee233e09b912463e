import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fixed, table, whole } from '../markdown.ts';
import { median } from '../measure/statistics.ts';
import { MAIN } from '../peers/portcullis.ts';
import type { Scenario } from './scenario.ts';

const RUNS = 3;
const TARGET_PER_SECOND = 200_000;

interface Verdict {
  readonly intact: boolean;
  readonly records: number;
}

export const verification: Scenario = {
  id: 'E',
  title: '`portcullis audit verify`',

  async run(bench) {
    const { home } = await bench.journals.delivered(bench);
    const runs = Array.from({ length: RUNS }, () => verify(home.journalFile));
    const rates = runs.map(({ records, seconds }) => records / seconds);
    bench.note(`E ${whole(median(rates))} records/s`);
    const rows = runs.map(({ intact, records, seconds }) => [
      whole(records),
      intact ? 'intact' : 'NOT intact',
      fixed(seconds, 2),
      whole(records / seconds),
    ]);
    const size = statSync(home.journalFile).size / 1024 ** 2;
    const text = [
      `The command as a user runs it, its start included, on the journal of ${whole(size)} MiB that scenario D left.`,
      table(['records', 'verdict', 's', 'records/s'], rows),
    ].join('\n\n');
    const target = {
      what: 'audit verify',
      wanted: '≥ 200,000 records/s',
      measured: `${whole(median(rates))} records/s`,
      met: median(rates) >= TARGET_PER_SECOND,
    };
    return { text, targets: [target] };
  },
};

/** @throws Error when the command fails otherwise than by its verdict. */
function verify(journal: string): Verdict & { readonly seconds: number } {
  const began = performance.now();
  const command = [MAIN, 'audit', 'verify', '--journal', journal, '--json'];
  const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  const seconds = (performance.now() - began) / 1000;
  if (!stdout.startsWith('{')) throw new Error(`audit verify failed: ${stderr}`);
  return { ...(JSON.parse(stdout) as Verdict), seconds };
}
