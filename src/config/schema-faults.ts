import type { ErrorObject } from 'ajv';
import { type KeyPath, parseJsonPointer } from './key-path.ts';
import { closest } from './suggestion.ts';

/** One departure from a schema, in words. Values are quoted only where a fixed list of names is expected. */
export interface SchemaFault {
  readonly path: KeyPath;
  readonly code: 'unknown-key' | 'key-missing' | 'wrong-type' | 'wrong-value' | 'incoherent';
  readonly message: string;
  readonly remedy: string;
  /** Whether what stands at `path` cannot be judged further. */
  readonly blocks: boolean;
}

type Translation = Omit<SchemaFault, 'path' | 'blocks'> & {
  readonly below?: string;
  readonly blocks?: boolean;
};

export function translateSchemaErrors(errors: readonly ErrorObject[]): readonly SchemaFault[] {
  return errors.flatMap((error) => {
    if (isConsequence(error)) return [];
    const { below, ...fault } = translate(error);
    const path = parseJsonPointer(error.instancePath);
    return [{ blocks: true, ...fault, path: below === undefined ? path : [...path, below] }];
  });
}

/** ajv also reports the branches of `oneOf` and `if` one by one, and `oneOf` for values that have the wrong type. */
function isConsequence(error: ErrorObject): boolean {
  if (error.keyword === 'if' || error.schemaPath.includes('/oneOf/')) return true;
  return error.keyword === 'oneOf' && (typeof error.data !== 'object' || Array.isArray(error.data));
}

function translate(error: ErrorObject): Translation {
  return (TRANSLATORS[error.keyword] ?? otherFault)(error);
}

const TRANSLATORS: Readonly<Record<string, (error: ErrorObject) => Translation>> = {
  additionalProperties: unknownKey,
  required: missingKey,
  type: wrongType,
  enum: unknownName,
  pattern: unexpectedText,
  oneOf: wrongChoice,
  'false schema': inapplicable,
  minimum: (error) =>
    outOfRange(error, `less than ${error.params.limit}`, `set at least ${error.params.limit}`),
  maximum: (error) =>
    outOfRange(error, `more than ${error.params.limit}`, `set at most ${error.params.limit}`),
  minLength: (error) => outOfRange(error, 'too short', `write at least ${error.params.limit} character(s)`),
  maxLength: (error) => outOfRange(error, 'too long', `write at most ${error.params.limit} characters`),
  minItems: (error) => outOfRange(error, 'too short a list', `list at least ${error.params.limit}`),
  maxItems: (error) => outOfRange(error, 'too long a list', `list at most ${error.params.limit}`),
  uniqueItems: (error) => outOfRange(error, 'a list with repeats', 'list each once'),
};

function unknownKey(error: ErrorObject): Translation {
  const name = String(error.params.additionalProperty);
  const known = Object.keys(error.parentSchema?.properties ?? {});
  const meant = closest(name, known);
  const remedy =
    meant === undefined ? `remove it; known here: ${known.join(', ')}` : `did you mean \`${meant}\`?`;
  return { code: 'unknown-key', message: `unknown key \`${name}\``, remedy, below: name, blocks: false };
}

function missingKey(error: ErrorObject): Translation {
  const name = String(error.params.missingProperty);
  const description = annotation(error.parentSchema?.properties?.[name], 'description');
  const remedy = description === undefined ? `add \`${name}\`` : `add \`${name}\`: ${description}`;
  return { code: 'key-missing', message: `\`${name}\` is missing`, remedy, below: name };
}

function wrongType(error: ErrorObject): Translation {
  const code = 'wrong-type';
  if (annotation(error.parentSchema, 'title') === 'secret reference') {
    const remedy =
      'write `{ file: PATH }` or `{ env: NAME }`; `{ value: TEXT }` in the development profile only';
    return { code, message: 'a secret is never written as bare text', remedy };
  }
  const wanted = [error.params.type].flat().map((type) => TYPE_NAMES[String(type)] ?? String(type));
  return { code, message: `this must be ${wanted.join(' or ')}`, remedy: explain(error) };
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping (`key: value`)',
  array: 'a list (`- item`)',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: '`true` or `false`',
};

function unknownName(error: ErrorObject): Translation {
  const allowed: readonly string[] = error.params.allowedValues.map(String);
  const given = typeof error.data === 'string' && error.data.length <= 40 ? error.data : undefined;
  const meant = given === undefined ? undefined : closest(given, allowed);
  const subject = given === undefined ? 'this' : `\`${given}\``;
  const remedy = meant === undefined ? 'use one of these' : `did you mean \`${meant}\`?`;
  return { code: 'wrong-value', message: `${subject} is not one of ${allowed.join(', ')}`, remedy };
}

function unexpectedText(error: ErrorObject): Translation {
  const expected = annotation(error.parentSchema, 'x-expected');
  const remedy = expected === undefined ? explain(error) : `write ${expected}`;
  return { code: 'wrong-value', message: 'this text is not of the expected form', remedy };
}

function wrongChoice(error: ErrorObject): Translation {
  const choice = annotation(error.parentSchema, 'x-choice') ?? 'exactly one of the alternatives';
  return { code: 'incoherent', message: `${choice} must be given here`, remedy: `give ${choice}` };
}

function inapplicable(error: ErrorObject): Translation {
  const name = parseJsonPointer(error.instancePath).at(-1) ?? 'this';
  const remedy = 'remove it, or change what it depends on (the engine or the scheme beside it)';
  return { code: 'incoherent', message: `\`${name}\` does not apply here`, remedy };
}

function outOfRange(error: ErrorObject, what: string, remedy: string): Translation {
  const unit = annotation(error.parentSchema, 'x-unit');
  const message = `this is ${what}${unit === undefined ? '' : ` (unit: ${unit})`}`;
  return { code: 'wrong-value', message, remedy };
}

function otherFault(error: ErrorObject): Translation {
  return {
    code: 'wrong-value',
    message: `this breaks the rule \`${error.keyword}\``,
    remedy: explain(error),
  };
}

function explain(error: ErrorObject): string {
  return annotation(error.parentSchema, 'description') ?? 'see docs/configuration.md';
}

function annotation(schema: unknown, name: string): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const value: unknown = Reflect.get(schema, name);
  return typeof value === 'string' ? value : undefined;
}
