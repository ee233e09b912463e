import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClaimedDelivery } from '../../src/forwarding/ports.ts';
import { SECOND } from '../../src/kernel/clock.ts';
import type { EventId } from '../../src/kernel/ids.ts';
import { assertChainSound } from '../support/audit-chain.ts';
import { MERCY, newEvent } from '../support/events.ts';
import { claimAll, dead, delivered, retry } from '../support/settled.ts';
import type { JournalAdapter, JournalHarness } from './harness.ts';

const { organization } = MERCY;
const SEED = 20_261_122;

type Step =
  | { readonly do: 'accept'; readonly foci: readonly string[]; readonly pending: boolean }
  | { readonly do: 'claim'; readonly count: number }
  | {
      readonly do: 'settle';
      readonly pick: number;
      readonly as: 'delivered' | 'dead' | 'retry';
      readonly delay: number;
    }
  | { readonly do: 'release'; readonly pick: number }
  | { readonly do: 'replay'; readonly pick: number }
  | { readonly do: 'advance'; readonly seconds: number }
  | { readonly do: 'reopen' };

const pick = fc.nat(1_000);
const focus = fc.constantFrom('Patient/1', 'Patient/2', 'Patient/3', 'Patient/4');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('accept' as const),
        foci: fc.array(focus, { maxLength: 3 }),
        pending: fc.nat(9).map((digit) => digit > 0),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('claim' as const), count: fc.integer({ min: 1, max: 5 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        pick,
        as: fc.constantFrom('delivered' as const, 'dead' as const, 'retry' as const),
        delay: fc.integer({ min: 0, max: 30 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), pick }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('replay' as const), pick }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('advance' as const), seconds: fc.integer({ min: 1, max: 20 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  ),
  { minLength: 5, maxLength: 60 },
);

type Modelled = {
  readonly id: EventId;
  readonly lanes: ReadonlySet<string>;
  state: 'pending' | 'delivered' | 'dead' | 'quarantined';
  place: number;
  dueAt: number;
  attempts: number;
  spent: number;
  replay: boolean;
  claimed: boolean;
};

/** What the port's contract says, in the plainest words: no lane tables, no counters. */
class DeliveryModel {
  readonly events: Modelled[] = [];
  #place = 0;

  add(id: EventId, foci: readonly string[], state: 'pending' | 'quarantined', at: number): void {
    const fresh = { attempts: 0, spent: 0, replay: false, claimed: false };
    this.events.push({ id, lanes: new Set(foci), state, place: this.#next(), dueAt: at, ...fresh });
  }

  /** Pending, and before every other pending event that shares a lane with it. */
  free(): Modelled[] {
    const pending = this.events.filter(({ state }) => state === 'pending');
    return pending.filter(
      (one) =>
        !pending.some(
          (other) => other.place < one.place && [...one.lanes].some((lane) => other.lanes.has(lane)),
        ),
    );
  }

  due(now: number): Modelled[] {
    const due = this.free().filter(({ dueAt, claimed }) => dueAt <= now && !claimed);
    return due.sort((a, b) => a.dueAt - b.dueAt || a.place - b.place);
  }

  nextDueAt(now: number): number | undefined {
    const later = this.free().filter(({ dueAt }) => dueAt > now);
    return later.length === 0 ? undefined : Math.min(...later.map(({ dueAt }) => dueAt));
  }

  restart(event: Modelled, at: number): void {
    if (event.state === 'pending') return;
    Object.assign(event, {
      state: 'pending',
      place: this.#next(),
      dueAt: at,
      attempts: 0,
      spent: 0,
      replay: true,
    });
  }

  #next(): number {
    this.#place += 1;
    return this.#place;
  }
}

/** Drives journal and model side by side. */
class Comparison {
  readonly #harness: JournalHarness;
  readonly #model = new DeliveryModel();

  constructor(harness: JournalHarness) {
    this.#harness = harness;
  }

  async take(step: Step): Promise<void> {
    const { journal, clock } = this.#harness;
    const model = this.#model;
    switch (step.do) {
      case 'accept': {
        const state = step.pending ? 'pending' : 'quarantined';
        const event = newEvent(clock, { foci: step.foci, state });
        await journal.accept(MERCY, event);
        return model.add(event.summary.id, step.foci, state, clock.now());
      }
      case 'claim':
        return this.#claim(step.count);
      case 'settle':
        return this.#settle(step);
      case 'release': {
        const event = choose(
          model.events.filter(({ claimed }) => claimed),
          step.pick,
        );
        if (event === undefined) return;
        await journal.release([event.id]);
        event.claimed = false;
        return;
      }
      case 'replay': {
        const event = choose(model.events, step.pick);
        if (event === undefined) return;
        await journal.replay({ organization, ids: [event.id], state: event.state }, 'operator:test');
        return model.restart(event, clock.now());
      }
      case 'advance':
        return clock.advance(step.seconds * SECOND);
      case 'reopen':
        await this.#harness.reopen();
        for (const event of model.events) event.claimed = false;
    }
  }

  async #claim(count: number): Promise<void> {
    const { journal, clock } = this.#harness;
    const expected = this.#model.due(clock.now()).slice(0, count);
    const { deliveries, nextDueAt } = await journal.claim({ count, bytes: Number.MAX_SAFE_INTEGER });
    assert.deepEqual(deliveries.map(facts), expected.map(modelled));
    assert.equal(nextDueAt, this.#model.nextDueAt(clock.now()));
    for (const event of expected) event.claimed = true;
  }

  async #settle(step: Extract<Step, { do: 'settle' }>): Promise<void> {
    const { journal, clock } = this.#harness;
    const event = choose(
      this.#model.events.filter(({ claimed }) => claimed),
      step.pick,
    );
    if (event === undefined) return;
    const attempt = event.attempts + 1;
    const dueAt = clock.now() + step.delay * SECOND;
    const settlement = { delivered, dead, retry: (id: EventId) => retry(id, dueAt, attempt) }[step.as];
    await journal.settle(settlement(event.id, attempt));
    Object.assign(event, { attempts: attempt, spent: event.spent + 1, claimed: false });
    if (step.as === 'retry') event.dueAt = dueAt;
    else event.state = step.as;
  }

  /** Whatever is left can be delivered, and is, in order. */
  async drain(): Promise<void> {
    await this.take({ do: 'advance', seconds: 60 });
    for (const event of this.#model.events.filter(({ claimed }) => claimed)) {
      await this.#harness.journal.release([event.id]);
      event.claimed = false;
    }
    while (this.#model.free().length > 0) {
      await this.#claim(1_000);
      for (const event of this.#model.events.filter(({ claimed }) => claimed)) {
        await this.#harness.journal.settle(delivered(event.id, event.attempts + 1));
        Object.assign(event, { state: 'delivered', claimed: false });
      }
    }
    assert.deepEqual(await claimAll(this.#harness.journal), []);
  }
}

function choose(events: readonly Modelled[], index: number): Modelled | undefined {
  return events[index % Math.max(events.length, 1)];
}

function facts({ summary, attempt, spentAttempts, replay }: ClaimedDelivery) {
  return { id: summary.id, attempt, spentAttempts, replay };
}

function modelled({ id, attempts, spent, replay }: Modelled) {
  return { id, attempt: attempts + 1, spentAttempts: spent, replay };
}

export function deliveryModelContract(open: JournalAdapter): void {
  test('hands out what the model hands out, whatever the order of calls', async (t) => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const harness = await open(t);
        const comparison = new Comparison(harness);
        for (const step of sequence) await comparison.take(step);
        await comparison.drain();
        assertChainSound(organization, await harness.chain(organization));
        await harness.close();
      }),
      { seed: SEED, numRuns: 30, endOnFailure: false },
    );
  });
}
