import type {
  Envelope,
  EnvelopeValidator,
  LocatedStatus,
  ResourceEnvelope,
} from '../notification/envelope.ts';
import type { FindingList } from '../notification/finding-list.ts';
import { itemsOf } from '../notification/json.ts';
import { createBundleCheck } from './bundle-check.ts';
import { createParametersCheck, type ParametersCheck } from './parameters-check.ts';
import { createSchemaCompiler, type SchemaCheck } from './schema-check.ts';
import { NOTIFICATION_EVENT, RESOURCE_HEAD, SUBSCRIPTION_STATUS } from './schemas.ts';
import { checkStatusRules } from './status-rules.ts';

/**
 * Compiles the schemas of the notification envelopes, once, at start.
 * What is checked of a carried resource is the one `checkResource` below: its head.
 */
export function createEnvelopeValidator(): EnvelopeValidator {
  const compile = createSchemaCompiler();
  const checkResource = compile(RESOURCE_HEAD);
  const checkBundle = createBundleCheck(compile, checkResource);
  const statusChecks: StatusChecks = {
    parameters: createParametersCheck(compile),
    status: compile(SUBSCRIPTION_STATUS),
    event: compile(NOTIFICATION_EVENT),
  };
  return (envelope, status, findings) => {
    if (envelope.kind === 'bundle') checkBundle(envelope, findings);
    if (envelope.kind === 'resource') checkLoneResource(envelope, checkResource, findings);
    const located = locatedStatus(envelope);
    if (located === undefined || status === undefined) return;
    checkStatusShape(located, statusChecks, findings);
    checkStatusRules(located, status, findings);
  };
}

interface StatusChecks {
  readonly parameters: ParametersCheck;
  readonly status: SchemaCheck;
  readonly event: SchemaCheck;
}

function locatedStatus(envelope: Envelope): LocatedStatus | undefined {
  return envelope.kind === 'bundle' || envelope.kind === 'resource' ? envelope.status : undefined;
}

/** A resource sent by itself has an id, unless it is a Bundle; a status alone should have come in one. */
function checkLoneResource(
  { resource, path, status }: ResourceEnvelope,
  checkResource: SchemaCheck,
  findings: FindingList,
): void {
  checkResource(resource, () => path, findings);
  if (status !== undefined) findings.add('notification-not-in-bundle', path);
  else if (resource.id === undefined && resource.resourceType !== 'Bundle')
    findings.add('id-missing', `${path}.id`);
}

function checkStatusShape(located: LocatedStatus, checks: StatusChecks, findings: FindingList): void {
  const { resource, path } = located;
  if (located.shape === 'parameters') {
    checks.parameters(resource, path, findings);
    return;
  }
  checks.status(resource, () => path, findings);
  for (const [index, event] of itemsOf(resource.notificationEvent).entries()) {
    if (findings.settled) return;
    checks.event(event, () => `${path}.notificationEvent[${index}]`, findings);
  }
}
