import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../sandbox/demo/gateway-process.ts';
import { Child, programPath } from '../measure/child-process.ts';
import type { Peer } from './peer.ts';

const ANSWER = '{"resourceType":"Bundle","type":"transaction-response"}';

/**
 * Debian's `webhook` with an HMAC rule. It answers, then starts the hook's command. The command is mandatory: `true`
 * costs a fork for every request; a path that does not exist fails before the fork, so nothing but the check is left.
 */
export function webhookPeer(secret: string, command: 'none' | 'true'): Peer {
  const runs = command === 'true';
  return {
    id: `webhook-${command}`,
    title: `Debian webhook (adnanh), HMAC rule, ${runs ? 'runs /bin/true after each' : 'runs nothing'}`,
    async start(folder) {
      const port = await freePort();
      const hooks = join(folder, 'hooks.json');
      writeFileSync(
        hooks,
        JSON.stringify([hook(secret, runs ? '/bin/true' : join(folder, 'no-such-command'))]),
      );
      const child = new Child({
        name: 'webhook',
        program: programPath('webhook'),
        args: ['-hooks', hooks, '-ip', '127.0.0.1', '-port', String(port)],
        logFile: join(folder, 'webhook.log'),
      });
      await child.listening(port);
      const target = { host: '127.0.0.1', port, path: '/hooks/mercy-ehr' };
      return { pid: child.pid, target, stop: () => child.stop() };
    },
  };
}

function hook(secret: string, command: string) {
  const parameter = { source: 'header', name: 'X-Hub-Signature-256' };
  return {
    id: 'mercy-ehr',
    'execute-command': command,
    'response-message': ANSWER,
    'response-headers': [{ name: 'Content-Type', value: 'application/fhir+json' }],
    'trigger-rule': { match: { type: 'payload-hmac-sha256', secret, parameter } },
    'trigger-rule-mismatch-http-response-code': 401,
  };
}
