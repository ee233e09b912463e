/**
 * The sandbox core platform as a container: takes events over TLS and says now and then what it got.
 * CORE_SECRET_FILE (`whsec_…`), CORE_CERT_FILE, CORE_KEY_FILE, CORE_PORT (443), REPORT_SECONDS (10).
 */
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { startCorePlatform } from '../core-platform/core-platform.ts';
import { fileOf, onStop, say, variable } from './environment.ts';

const core = await startCorePlatform({ secret: fileOf('CORE_SECRET_FILE'), record: 'counts' });
const inner = Number(new URL(core.url).port);

/** Ends TLS in front of the platform, which itself speaks plain HTTP on the loopback interface. */
const outer = createServer(
  { cert: fileOf('CORE_CERT_FILE'), key: fileOf('CORE_KEY_FILE'), minVersion: 'TLSv1.3' },
  (secure) => {
    const plain = connect(inner, '127.0.0.1');
    secure.on('error', () => plain.destroy()).on('close', () => plain.destroy());
    plain.on('error', () => secure.destroy()).on('close', () => secure.destroy());
    secure.pipe(plain).pipe(secure);
  },
);
outer.on('tlsClientError', () => undefined);
outer.listen(Number(variable('CORE_PORT', '443')), () => say('core platform listens', {}));

let reported = '';
const reporter = setInterval(report, Number(variable('REPORT_SECONDS', '10')) * 1_000);
onStop(() => {
  clearInterval(reporter);
  report();
  outer.close();
  void core.close();
});

/** Says nothing while nothing changes. */
function report(): void {
  const { log, refused, verifiedByLibrary } = core.received;
  const counts = { taken: log.deliveries, refused, verified_by_library: verifiedByLibrary };
  const violations = core.violations.count;
  const line = JSON.stringify({ ...counts, violations });
  if (line === reported) return;
  reported = line;
  say('received', { ...counts, violations });
}
