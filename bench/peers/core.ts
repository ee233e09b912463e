import { createServer } from 'node:http';

/** A core platform that takes every event and looks at none. A process of its own. Argument: port. */
const [port] = process.argv.slice(2);

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-length': '0' }).end());
});
// Longer than the gateway keeps an idle connection, so that the gateway is the one to close it.
server.keepAliveTimeout = 120_000;
server.listen(Number(port), '127.0.0.1');
