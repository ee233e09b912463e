import type { FindingList } from '../notification/finding-list.ts';
import { isJsonObject, itemsOf, type JsonObject } from '../notification/json.ts';
import type { FindingSchema, SchemaCheck, SchemaCompiler } from './schema-check.ts';
import { EVENT_PARTS, STATUS_PARAMETERS } from './schemas.ts';

/** Parameters and parts that may come more than once. */
const REPEATABLE: ReadonlySet<string> = new Set(['notification-event', 'error', 'additional-context']);

export type ParametersCheck = (parameters: JsonObject, path: string, findings: FindingList) => void;

/** Checks R4 `Parameters` against backport-subscription-status-r4. Its slicing is open: names it lacks are legal. */
export function createParametersCheck(compile: SchemaCompiler): ParametersCheck {
  const parameters = compileByName(STATUS_PARAMETERS, compile);
  const parts = compileByName(EVENT_PARTS, compile);
  return (resource, path, findings) => {
    checkNamed(itemsOf(resource.parameter), parameters, `${path}.parameter`, findings);
    for (const [index, parameter] of itemsOf(resource.parameter).entries()) {
      if (findings.settled) return;
      if (!isJsonObject(parameter) || parameter.name !== 'notification-event') continue;
      checkEvent(itemsOf(parameter.part), parts, `${path}.parameter[${index}]`, findings);
    }
  };
}

function checkEvent(
  parts: readonly unknown[],
  checks: ReadonlyMap<string, SchemaCheck>,
  path: string,
  findings: FindingList,
): void {
  checkNamed(parts, checks, `${path}.part`, findings);
  const numbered = parts.some((part) => isJsonObject(part) && part.name === 'event-number');
  if (!numbered) findings.add('event-number-missing', path);
}

function checkNamed(
  items: readonly unknown[],
  checks: ReadonlyMap<string, SchemaCheck>,
  path: string,
  findings: FindingList,
): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (findings.settled) return;
    const name = isJsonObject(item) ? item.name : undefined;
    if (typeof name !== 'string') {
      findings.add('parameter-invalid', `${path}[${index}]`);
      continue;
    }
    if (seen.has(name) && checks.has(name) && !REPEATABLE.has(name)) {
      findings.add('parameter-repeated', `${path}[${index}]`);
    }
    seen.add(name);
    checks.get(name)?.(item, () => `${path}[${index}]`, findings);
  }
}

function compileByName(
  schemas: Readonly<Record<string, FindingSchema>>,
  compile: SchemaCompiler,
): ReadonlyMap<string, SchemaCheck> {
  return new Map(Object.entries(schemas).map(([name, schema]) => [name, compile(schema)]));
}
