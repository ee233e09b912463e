/**
 * Holds many connections open from a process of its own, as file descriptors are limited per process.
 * Arguments: port, number of connections, base64 of the request to send on each.
 * Messages out: `open` when all are connected, `{ answered }` with the statuses counted. Message in: `ask`.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const WAVE = 250;

const [port, count, request] = process.argv.slice(2);
const bytes = Buffer.from(request ?? '', 'base64');
const sockets: Socket[] = [];

async function openWave(size: number): Promise<void> {
  const wave = Array.from({ length: size }, () => connect({ port: Number(port), host: '127.0.0.1' }));
  await Promise.all(wave.map((socket) => once(socket, 'connect')));
  sockets.push(...wave);
}

async function statusOf(socket: Socket): Promise<number> {
  socket.write(bytes);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return Number(chunk.subarray(9, 12).toString('latin1'));
}

async function askAll(): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let at = 0; at < sockets.length; at += WAVE) {
    const statuses = await Promise.all(sockets.slice(at, at + WAVE).map(statusOf));
    for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

process.once('message', async () => {
  process.send?.({ answered: await askAll() });
  for (const socket of sockets) socket.resetAndDestroy();
  process.disconnect();
});
for (let opened = 0; opened < Number(count); opened += WAVE)
  await openWave(Math.min(WAVE, Number(count) - opened));
process.send?.('open');
