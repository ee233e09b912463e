import { type ParseArgsConfig, parseArgs } from 'node:util';
import { errorMessage } from '../kernel/errors.ts';
import { type OrganizationId, parseOrganizationId, parseSourceId, type SourceId } from '../kernel/ids.ts';
import { UsageError } from './command.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Parses a command's arguments. @throws UsageError naming what is wrong. */
export function parseCommandLine<const Given extends Options>(
  argv: readonly string[],
  options: Given,
  positionals = false,
) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: positionals, strict: true });
  } catch (error) {
    throw new UsageError(errorMessage(error).split('. ', 1)[0] ?? 'wrong arguments');
  }
}

export function requireOrganization(text: string | undefined): OrganizationId {
  const id = text === undefined ? undefined : parseOrganizationId(text);
  if (id === undefined) throw new UsageError('--org needs the id of an organization, such as --org mercy');
  return id;
}

export function requireSource(text: string | undefined): SourceId {
  const id = text === undefined ? undefined : parseSourceId(text);
  if (id === undefined) throw new UsageError('--source needs the id of a source, such as --source ehr');
  return id;
}

/** A whole number of at least 1. */
export function positiveInteger(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new UsageError(`${option} needs a whole number of at least 1`);
  return value;
}
