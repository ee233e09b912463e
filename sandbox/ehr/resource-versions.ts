import type { FocusVersion } from './workload.ts';

/** Versions of the resources a sandbox notification carries in full, read from its bytes; none where it cannot be read. */
export function readResourceVersions(body: Buffer): FocusVersion[] {
  const content = parse(body);
  const resources =
    isRecord(content) && Array.isArray(content.entry) ? content.entry.map(resourceOf) : [content];
  return resources.flatMap(versionOf);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function resourceOf(entry: unknown): unknown {
  return isRecord(entry) ? entry.resource : undefined;
}

function versionOf(resource: unknown): FocusVersion[] {
  if (!isRecord(resource) || !isRecord(resource.meta)) return [];
  const { resourceType, id } = resource;
  const versionId = resource.meta.versionId;
  if (typeof resourceType !== 'string' || typeof id !== 'string' || typeof versionId !== 'string') return [];
  return [{ focus: `${resourceType}/${id}`, version: Number(versionId) }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
