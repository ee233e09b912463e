import type { LatencyHistogram } from '../measure/latency-histogram.ts';
import type { Tracker } from './tracker.ts';
import type { RunEnd } from './verdict.ts';

const NUMBER = new Intl.NumberFormat('en-US');

/** Milliseconds with sense-making precision, or a dash. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}

function percentiles(histogram: LatencyHistogram): string {
  return `p50 ${formatMs(histogram.percentile(0.5))} ms, p99 ${formatMs(histogram.percentile(0.99))} ms`;
}

/** One line with all counts, for logs. */
export function progressLine(tracker: Tracker, seconds: number): string {
  const { counts } = tracker;
  const told = `${seconds}s sent=${counts.sent} accepted=${counts.accepted} delivered=${counts.delivered}`;
  const repeated = `duplicate=${counts.duplicates} conflict=${counts.conflicts} refused=${counts.refused}`;
  const waiting = `undelivered=${tracker.undelivered} problems=${tracker.problemCount}`;
  const accept = `accept_p50=${formatMs(tracker.accept.percentile(0.5))} accept_p99=${formatMs(tracker.accept.percentile(0.99))}`;
  return `${told} ${repeated} ${waiting} ${accept}`;
}

export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
}

const ESCAPE = '\u001b[';
const style = (code: number) => (text: string) => `${ESCAPE}${code}m${text}${ESCAPE}0m`;
const asIs = (text: string) => text;

export function paint(colours: boolean): Paint {
  return colours ? { good: style(32), bad: style(31), dim: style(2) } : { good: asIs, bad: asIs, dim: asIs };
}

/** The block that a terminal shows while the demo runs, a line an item. */
export function progressBlock(tracker: Tracker, seconds: number, perSecond: number, colour: Paint): string[] {
  const { counts } = tracker;
  const row = (name: string, value: number, note = '') =>
    `  ${name.padEnd(12)}${NUMBER.format(value).padStart(10)}  ${note === '' ? '' : colour.dim(note)}`;
  const problems = row('problems', tracker.problemCount);
  return [
    `  running for ${seconds} s, ${NUMBER.format(perSecond)} answered a second`,
    row('sent', counts.sent, 'by three EHRs of two organizations'),
    row('accepted', counts.accepted, percentiles(tracker.accept)),
    row('delivered', counts.delivered, `end to end ${percentiles(tracker.endToEnd)}`),
    row('waiting', tracker.undelivered, 'accepted, on the way to the core platform'),
    row('duplicate', counts.duplicates, 'recognised, answered with the first receipt'),
    row('conflict', counts.conflicts, 'same id with other content: 409'),
    row('refused', counts.refused, 'forged, old or unsigned: 401'),
    tracker.problemCount > 0 ? colour.bad(problems) : colour.good(problems),
  ];
}

/** The summary at the end, a line an item; the last one is the plain count. */
export function summary(end: RunEnd, failures: readonly string[], colour: Paint): string[] {
  const { tracker, core } = end;
  const { counts } = tracker;
  const row = (name: string, value: string) => `  ${name.padEnd(22)}${value}`;
  const audited = (end.audit?.organizations ?? []).map(
    (one) => `${one.organization} ${NUMBER.format(one.records)}`,
  );
  const verified = `${NUMBER.format(core.received.verifiedByLibrary)} by the official library`;
  const consumed = `of which ${NUMBER.format(counts.consumed)} handshakes and heartbeats kept by the gateway`;
  return [
    'Summary',
    row('sent', NUMBER.format(counts.sent)),
    row('accepted', `${NUMBER.format(counts.accepted)}, ${consumed}`),
    row(
      'delivered',
      `${NUMBER.format(counts.delivered)}, delivered again ${NUMBER.format(core.received.redeliveries)}`,
    ),
    row('signatures verified', verified),
    row('duplicate', NUMBER.format(counts.duplicates)),
    row('conflict', NUMBER.format(counts.conflicts)),
    row('refused', NUMBER.format(counts.refused)),
    row('accept', percentiles(tracker.accept)),
    row('end to end', percentiles(tracker.endToEnd)),
    row('audit records', audited.length > 0 ? audited.join(', ') : 'none reported'),
    row('audit chain', end.audit?.exitCode === 0 ? colour.good('verified') : colour.bad('not verified')),
    ...failures.map((failure) => colour.bad(`  failed: ${failure}`)),
    failures.length === 0
      ? colour.good('  verdict: everything accepted was delivered')
      : colour.bad('  verdict: FAILED'),
    `${counts.sent} sent, ${counts.accepted} accepted, ${counts.delivered} delivered, ${counts.duplicates} duplicate, ` +
      `${counts.conflicts} conflict, ${counts.refused} refused, ${failures.length} failed`,
  ];
}
