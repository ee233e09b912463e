import type { OrganizationId, SourceId } from '../kernel/ids.ts';

/** No storage call exists without an organization: this is the first argument of every one of them. */
export interface SourceScope {
  readonly organization: OrganizationId;
  readonly source: SourceId;
}
