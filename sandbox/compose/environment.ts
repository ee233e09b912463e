import { readFileSync } from 'node:fs';

/** An environment variable. @throws Error naming the one that is not set. */
export function variable(name: string, fallback?: string): string {
  const value = process.env[name] ?? fallback;
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`);
  return value;
}

/** The text of the file that an environment variable names, without a final line break. */
export function fileOf(name: string): string {
  return readFileSync(variable(name), 'utf8').trimEnd();
}

/** Calls back once, at SIGTERM or SIGINT. */
export function onStop(listener: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, listener);
}

/** One JSON object a line, as the gateway logs. */
export function say(message: string, fields: Readonly<Record<string, string | number>>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...fields, msg: message })}\n`);
}
