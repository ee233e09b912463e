import { Ajv2020 } from 'ajv/dist/2020.js';
import draft07 from 'ajv/dist/refs/json-schema-draft-07.json' with { type: 'json' };
import { type SchemaFault, translateSchemaErrors } from './schema-faults.ts';

/** Fills in defaults, in place, and tells every departure from the schema. */
export type SchemaValidator = (value: unknown) => readonly SchemaFault[];

/**
 * Compiles a JSON Schema (draft 2020-12 or 07). Compiling is slow, so keep the result.
 * @throws Error when the schema itself is faulty.
 */
export function createSchemaValidator(schema: object): SchemaValidator {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    useDefaults: true,
    verbose: true,
  });
  ajv.addMetaSchema(draft07);
  for (const keyword of SCHEMA_ANNOTATIONS) ajv.addKeyword(keyword);
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? [] : translateSchemaErrors(validate.errors ?? []));
}

/**
 * Annotations of our schemas. `x-expected`: what a pattern wants, in words; `x-choice`: the same for `oneOf`;
 * `x-unit`: unit of a number; `x-effect`: `restart` where a reload cannot change the value.
 */
const SCHEMA_ANNOTATIONS = ['x-expected', 'x-choice', 'x-unit', 'x-effect'] as const;
