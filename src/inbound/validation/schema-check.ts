import { Ajv, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import type { FindingCode } from '../notification/finding-codes.ts';
import type { FindingList } from '../notification/finding-list.ts';

/**
 * A JSON Schema that names its own findings: `finding` is the code for a value that breaks the subschema it stands
 * in, `missing` the code for each required member that is absent. Anything else is `element-invalid`.
 */
export interface FindingSchema extends SchemaObject {
  readonly finding?: FindingCode | undefined;
  readonly missing?: { readonly [member: string]: FindingCode } | undefined;
}

/** Checks one value against one schema; what it breaks is added under `path`. */
export type SchemaCheck = (value: unknown, path: () => string, findings: FindingList) => void;

export type SchemaCompiler = (schema: FindingSchema) => SchemaCheck;

/**
 * Compiles schemas, each once at start. They must be flat: no recursion, no `items`, so that one check costs, and
 * can report, only as much as the schema is long.
 */
export function createSchemaCompiler(): SchemaCompiler {
  const ajv = new Ajv({ strict: true, allErrors: true, verbose: true, validateFormats: false });
  ajv.addVocabulary(['finding', 'missing']);
  return (schema) => checkWith(ajv.compile(schema));
}

function checkWith(validate: ValidateFunction): SchemaCheck {
  return (value, path, findings) => {
    if (validate(value)) return;
    const base = path();
    for (const error of validate.errors ?? []) report(error, base, findings);
    // They hold the values that were refused.
    validate.errors = null;
  };
}

function report(error: ErrorObject, base: string, findings: FindingList): void {
  const schema = (error.parentSchema ?? {}) as FindingSchema;
  const place = base + error.instancePath.replaceAll('/', '.');
  if (error.keyword === 'required') {
    const member = String(error.params.missingProperty);
    findings.add(schema.missing?.[member] ?? 'element-invalid', `${place}.${member}`);
  } else findings.add(schema.finding ?? 'element-invalid', place);
}
