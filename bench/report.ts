import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { table } from './markdown.ts';
import type { Findings } from './scenarios/scenario.ts';

/** The findings of one scenario with what they depend on: sections of one report may come from several runs. */
export interface Section extends Findings {
  readonly id: string;
  readonly title: string;
  /** RFC 3339. */
  readonly measuredAt: string;
  readonly commit: string;
  readonly command: string;
}

/** Puts a section in place of an earlier one of the same scenario. */
export function withSection(sections: readonly Section[], section: Section): Section[] {
  const others = sections.filter(({ id }) => id !== section.id);
  return [...others, section].sort((a, b) => a.id.localeCompare(b.id));
}

/** Sections that earlier runs stored. */
export function readSections(file: string): Section[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Section[]) : [];
}

export function writeSections(file: string, sections: readonly Section[]): void {
  writeFileSync(file, `${JSON.stringify(sections, undefined, 2)}\n`);
}

export interface ReportInput {
  readonly sections: readonly Section[];
  readonly machine: readonly (readonly [string, string])[];
  readonly quick: boolean;
}

/** The whole of RESULTS.md. */
export function renderReport({ sections, machine, quick }: ReportInput): string {
  const parts = [
    '# Benchmark results',
    'Written by `npm run bench`; edit nothing here. Every peer gets the same signed requests and checks the same HMAC ' +
      '(SHA-256 over the body, as GitHub signs); senders and receivers share one machine and talk over 127.0.0.1. ' +
      'Nothing here is asserted by a test.',
    ...(quick ? ['**A quick run, for developing the benchmark: too short and too small to quote.**'] : []),
    '## Targets',
    targetsTable(sections),
    '## Machine',
    table(['', ''], machine),
    ...sections.flatMap(sectionText),
  ];
  return `${parts.join('\n\n')}\n`;
}

function targetsTable(sections: readonly Section[]): string {
  const rows = sections.flatMap(({ id, targets }) =>
    targets.map(({ what, wanted, measured, met }) => [
      id,
      what,
      wanted,
      measured,
      met ? 'met' : '**missed**',
    ]),
  );
  return table(['', 'target', 'wanted', 'measured', ''], rows);
}

function sectionText({ id, title, text, measuredAt, commit, command }: Section): string[] {
  return [`## ${id}. ${title}`, text, `\`${command}\` at ${measuredAt}, commit ${commit}.`];
}
