import { resolve } from 'node:path';
import type { ListenAddress } from '../http/settings.ts';
import type { ConfigNode } from './config-node.ts';
import { type Judgement, judgeUrl, refuseUnavailable } from './judgement.ts';
import type { RawCore, RawHttp, RawJournal } from './raw.ts';
import type { CoreConfig, HttpConfig, JournalConfig } from './types.ts';

/** The listening side. Undefined where the file is not sound there; so for all of these functions. */
export function judgeHttp(node: ConfigNode, { report, workingDirectory }: Judgement): HttpConfig | undefined {
  const http = node.as<RawHttp>();
  if (http === undefined) return undefined;
  const { limits, maxBodyBytes, shutdownDeadlineMs } = http;
  if (limits.headersTimeoutMs > limits.requestTimeoutMs) {
    report.at([...node.path, 'limits', 'headersTimeoutMs'], {
      code: 'incoherent',
      message: '`headersTimeoutMs` is more than `requestTimeoutMs`, which covers the headers too',
      remedy: 'lower it, or raise `requestTimeoutMs`',
    });
  }
  if (limits.maxBufferedBodyBytes < maxBodyBytes) {
    report.at([...node.path, 'limits', 'maxBufferedBodyBytes'], {
      code: 'incoherent',
      message: '`maxBufferedBodyBytes` is less than `maxBodyBytes`: the largest body could never be taken',
      remedy: 'raise it, or lower `maxBodyBytes`',
    });
  }
  return { listen: listenAddress(http, workingDirectory), limits, maxBodyBytes, shutdownDeadlineMs };
}

/** The schema has made sure that there is either a socket, or a host and a port. */
function listenAddress({ listen }: RawHttp, workingDirectory: string): ListenAddress {
  if (listen.socket !== undefined) return { socket: resolve(workingDirectory, listen.socket) };
  return { host: listen.host ?? '127.0.0.1', port: listen.port ?? 0 };
}

export function judgeJournal(root: ConfigNode, judgement: Judgement): JournalConfig | undefined {
  const node = root.get('journal');
  const journal = node.as<RawJournal>();
  const rotateDataKeysAfterDays = root.get('keys').get('rotateDataKeysAfterDays').as<number>();
  if (node.get('engine').as<string>() === 'postgres') {
    refuseUnavailable(
      node.get('engine'),
      'the journal on PostgreSQL',
      'use `engine: sqlite`',
      judgement.report,
    );
    return undefined;
  }
  if (journal?.path === undefined || rotateDataKeysAfterDays === undefined) return undefined;
  const { dedupeDays, limits } = journal;
  const path = resolve(judgement.workingDirectory, journal.path);
  return { engine: 'sqlite', path, dedupeDays, ...limits, rotateDataKeysAfterDays };
}

export function judgeCoordination(node: ConfigNode, { report }: Judgement): void {
  if (node.get('engine').as<string>() !== 'redis') return;
  refuseUnavailable(node.get('engine'), 'coordination by Redis', 'use `engine: local`', report);
}

export function judgeCore(node: ConfigNode, judgement: Judgement): CoreConfig | undefined {
  judgeUrl(node.get('url'), judgement);
  const retry = node.get('retry').as<RawCore['retry']>();
  if (retry !== undefined && retry.firstDelayMs > retry.maxDelayMs) {
    judgement.report.at([...node.path, 'retry', 'firstDelayMs'], {
      code: 'incoherent',
      message: '`firstDelayMs` is more than `maxDelayMs`',
      remedy: 'lower it, or raise `maxDelayMs`',
    });
  }
  const core = node.as<RawCore>();
  if (core === undefined) return undefined;
  const { url, timeoutMs, concurrency, breaker } = core;
  return { url, timeoutMs, concurrency, retry: core.retry, breaker };
}
