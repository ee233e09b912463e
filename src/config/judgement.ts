import type { SenderProfile } from '../inbound/sender-profile.ts';
import type { ConfigNode } from './config-node.ts';
import type { DecodedSecret } from './key-decoding.ts';
import type { ProblemReport } from './problem-report.ts';
import type { Profile } from './raw.ts';
import type { SecretTable } from './secret-uses.ts';

/** What the parts of the file are judged by. */
export interface Judgement {
  readonly profile: Profile;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly report: ProblemReport;
  readonly secrets: SecretTable<DecodedSecret>;
  readonly senderProfiles: ReadonlyMap<string, SenderProfile>;
  readonly workingDirectory: string;
}

/** Complains about every value of a list that an earlier one has already. */
export function refuseRepeats(nodes: readonly ConfigNode[], what: string, report: ProblemReport): void {
  const seen = new Set<string>();
  for (const node of nodes) {
    const value = node.as<string>();
    if (value === undefined) continue;
    if (seen.has(value)) {
      const message = `two ${what} are called \`${value}\``;
      report.at(node.path, { code: 'repeated-id', message, remedy: 'rename one of them' });
    }
    seen.add(value);
  }
}

/** Complains about what the schema knows but this version does not do: never silently ignored. */
export function refuseUnavailable(
  node: ConfigNode,
  what: string,
  remedy: string,
  report: ProblemReport,
): void {
  report.at(node.path, { code: 'not-available', message: `${what}: not available in this version`, remedy });
}

/**
 * Complains about URLs that carry credentials, and in production about unencrypted ones, unless they lead to this
 * machine.
 */
export function judgeUrl(node: ConfigNode, { profile, report }: Judgement): void {
  const text = node.as<string>();
  if (text === undefined) return;
  const url = URL.parse(text);
  if (url === null) {
    report.at(node.path, {
      code: 'wrong-value',
      message: 'this is not a URL',
      remedy: 'write an absolute URL',
    });
    return;
  }
  if (url.username !== '' || url.password !== '') {
    const message = 'a URL must not hold a user name or password';
    report.at(node.path, {
      code: 'url-credentials',
      message,
      remedy: 'remove them, and replace them: this file has shown them',
    });
  }
  if (profile === 'production' && url.protocol !== 'https:' && !isLoopback(url.hostname)) {
    const message = 'traffic to another machine would not be encrypted';
    report.at(node.path, { code: 'url-unencrypted', message, remedy: 'use https' });
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
