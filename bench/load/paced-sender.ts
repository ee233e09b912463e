import { readFileSync } from 'node:fs';
import type { PacedOptions } from './paced.ts';
import { PacedConnection } from './paced-connection.ts';
import { PacedSchedule } from './paced-schedule.ts';
import { RequestReader, wirePlan } from './wire-plan.ts';

/**
 * Sends at a constant rate whether answers come or not, and takes each latency from the moment the request was due,
 * so that a stall of the receiver counts for every request that it delayed. A process of its own; its one argument is
 * a file with the options; it prints the result as JSON.
 */
const [optionsFile = ''] = process.argv.slice(2);
const options = JSON.parse(readFileSync(optionsFile, 'utf8')) as PacedOptions;
process.stdout.write(JSON.stringify(await send(options)));

async function send({ requests, target, first, rate, warmupSeconds, seconds, connections }: PacedOptions) {
  const template = { ...requests.template, body: Buffer.from(requests.template.body, 'base64') };
  const reader = new RequestReader(wirePlan({ ...requests, template }, target), requests.file);
  const pool = Array.from({ length: connections }, () => new PacedConnection(target));
  await Promise.all(pool.map((connection) => connection.ready()));
  const schedule = new PacedSchedule(
    pool,
    Math.round(rate * warmupSeconds),
    Math.round(rate * (warmupSeconds + seconds)),
  );
  await schedule.run(rate, (index) => reader.request(first + index));
  for (const connection of pool) connection.close();
  return schedule.result(seconds);
}
