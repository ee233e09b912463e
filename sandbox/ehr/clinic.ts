import { inventPerson, type Person } from './people.ts';
import { Random } from './random.ts';
import type { Builders, ResourceType } from './resources/builders.ts';

/** One change of one resource, as an EHR would notify it. */
export interface ResourceChange<Resource> {
  readonly interaction: 'create' | 'update' | 'delete';
  readonly type: ResourceType;
  readonly id: string;
  /** Grows by one with every change of the resource, from 1. */
  readonly version: number;
  /** Time of the change, RFC 3339. */
  readonly at: string;
  /** Undefined for a deletion. */
  readonly resource: Resource | undefined;
}

export interface ClinicOptions {
  readonly seed: string;
  /** Epoch milliseconds; passed in, so that equal clocks give equal bytes. */
  readonly now: () => number;
  /** How often each resource type is started. */
  readonly types: Readonly<Partial<Record<ResourceType, number>>>;
  /** Resources alive at a time; each change picks one of them. */
  readonly openResources: number;
  /** A resource is replaced by a new one after so many versions. */
  readonly versionsPerResource: number;
  /** Share of changes that delete a resource. */
  readonly deletionShare: number;
  /** Sizes of document attachments before base64, bytes; drawn log-uniformly. */
  readonly attachmentBytes: { readonly from: number; readonly to: number };
}

interface Focus {
  readonly type: ResourceType;
  readonly id: string;
  readonly patient: Person;
  version: number;
}

const PATIENTS = 24;

/** A made-up clinic whose records change one after another. The same seed and clock give the same changes. */
export class Clinic<Resource> {
  readonly #options: ClinicOptions;
  readonly #builders: Builders<Resource>;
  readonly #random: Random;
  readonly #patients: readonly Person[];
  readonly #open: Focus[] = [];
  readonly #prefix: string;
  #started = 0;

  constructor(builders: Builders<Resource>, options: ClinicOptions) {
    this.#options = options;
    this.#builders = builders;
    this.#random = new Random(`clinic ${options.seed}`);
    this.#prefix = `s${this.#random.uuid().slice(0, 8)}`;
    this.#patients = Array.from({ length: PATIENTS }, (_, index) =>
      inventPerson(this.#random, `${this.#prefix}-p${index}`),
    );
  }

  nextChange(): ResourceChange<Resource> {
    const slot = this.#random.integer(0, this.#options.openResources - 1);
    const focus = this.#focusAt(slot);
    const deletes = focus.version > 0 && this.#random.chance(this.#options.deletionShare);
    focus.version += 1;
    if (deletes || focus.version >= this.#options.versionsPerResource) delete this.#open[slot];
    const at = new Date(this.#options.now()).toISOString();
    return {
      interaction: deletes ? 'delete' : focus.version === 1 ? 'create' : 'update',
      type: focus.type,
      id: focus.id,
      version: focus.version,
      at,
      resource: deletes ? undefined : this.#build(focus, at),
    };
  }

  #focusAt(slot: number): Focus {
    const open = this.#open[slot];
    if (open !== undefined) return open;
    const fresh = this.#startFocus();
    this.#open[slot] = fresh;
    return fresh;
  }

  #startFocus(): Focus {
    this.#started += 1;
    const type = this.#random.weighted(this.#options.types);
    const id = `${this.#prefix}-${this.#started}`;
    const patient = type === 'Patient' ? inventPerson(this.#random, id) : this.#random.pick(this.#patients);
    return { type, id, patient, version: 0 };
  }

  #build(focus: Focus, at: string): Resource {
    return this.#builders[focus.type]({
      id: focus.id,
      version: focus.version,
      at,
      patient: focus.patient,
      traits: new Random(`traits ${focus.id}`),
      random: this.#random,
      attachmentBytes: this.#attachmentBytes(),
    });
  }

  #attachmentBytes(): number {
    const { from, to } = this.#options.attachmentBytes;
    return Math.round(from * (to / from) ** this.#random.fraction());
  }
}
