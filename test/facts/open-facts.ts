import { onTestFinished } from "vitest";
import type { KeyedName } from "../../facts/fact.js";
import { createFacts, type Facts, type FactsOptions } from "../../facts/facts.js";
import {
  type KeyedSource,
  type KeyedSources,
  known,
  type Readings,
  type Source,
} from "../../facts/source.js";
import { FakeClock } from "../support/fake-clock.js";

/** A source whose answers the test gives, with a count of how often it was asked. */
export function source(
  read: (signal: AbortSignal) => Readings | Promise<Readings>,
  more: Partial<Source> = {},
) {
  const counted = { asked: 0 };
  const made: Source = {
    names: ["load"],
    ...more,
    read: (signal) => {
      counted.asked += 1;
      return read(signal);
    },
  };
  return Object.assign(counted, { source: made });
}

export function keyedSource<N extends KeyedName>(
  name: N,
  read: KeyedSource<N>["read"],
): KeyedSource<N> {
  return { name, everyMs: 1_000, read };
}

const NONE: KeyedSources = {
  disk_free: keyedSource("disk_free", async () => known(0)),
  programs: keyedSource("programs", async () => known(null)),
};

/** Facts on a clock of the test's own, gone when it is over. */
export function openFacts(options: Partial<FactsOptions> = {}): Facts & { clock: FakeClock } {
  const clock = new FakeClock();
  const facts = createFacts({ clock, agent: "alpha", sources: [], keyed: NONE, ...options });
  onTestFinished(() => facts[Symbol.asyncDispose]());
  return Object.assign(facts, { clock });
}
