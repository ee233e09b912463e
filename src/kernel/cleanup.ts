type Step = { readonly name: string; readonly run: () => void | Promise<void> };

/** Closes what was opened, last opened first; one failing step does not keep the others from running. */
export class Cleanup {
  readonly #steps: Step[] = [];

  add(name: string, run: () => void | Promise<void>): void {
    this.#steps.push({ name, run });
  }

  /** @throws AggregateError naming every step that failed, after all have run. */
  async run(): Promise<void> {
    const failures: Error[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.run();
      } catch (cause) {
        failures.push(new Error(`closing ${step.name} failed`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'clean-up was incomplete');
  }
}
