// Health check of the container image: exit status 0 when the gateway is ready to take requests, 1 otherwise.
// PORTCULLIS_HEALTH names where it listens: the path of its socket, or a URL such as http://127.0.0.1:8080.
import { request } from 'node:http';

const place = process.env.PORTCULLIS_HEALTH ?? 'http://127.0.0.1:8080';

request({ ...target(place), path: '/health/ready', timeout: 4_000 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
})
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1))
  .end();

function target(text) {
  if (text.startsWith('/')) return { socketPath: text };
  const { hostname, port } = new URL(text);
  return { host: hostname, port: port || 80 };
}
