import { inspect } from 'node:util';
import type { InboundSource, SourceDirectory } from '../inbound/source.ts';

/** The sources of one configuration, found by two map look-ups. Printing it shows counts only: sources hold keys. */
export class ConfiguredSources implements SourceDirectory {
  readonly #byOrganization: ReadonlyMap<string, ReadonlyMap<string, InboundSource>>;
  readonly size: number;

  constructor(sources: readonly InboundSource[]) {
    const byOrganization = new Map<string, Map<string, InboundSource>>();
    for (const source of sources) {
      const { organization, source: id } = source.scope;
      const ofOrganization = byOrganization.get(organization) ?? new Map<string, InboundSource>();
      byOrganization.set(organization, ofOrganization.set(id, source));
    }
    this.#byOrganization = byOrganization;
    this.size = sources.length;
  }

  find(organization: string, source: string): InboundSource | undefined {
    return this.#byOrganization.get(organization)?.get(source);
  }

  toJSON(): string {
    return `[${this.size} sources]`;
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}
