import type { Clock } from "../common/clock.js";
import type { Fact, FactTable, KeyedName, KeyedValue } from "./fact.js";
import { isKnown, Look } from "./look.js";
import type { Overrides } from "./overrides.js";
import { type KeyedSources, type Reading, unknown } from "./source.js";

/** Keys remembered for each fact: they come from jobs that anybody may have posted. */
const KEYS_MAX = 100;
const LIMIT_MS = 2_000;

export interface KeyedFactsOptions {
  readonly clock: Clock;
  readonly sources: KeyedSources;
  readonly overrides: Overrides;
  changed(name: KeyedName): void;
}

interface Entry {
  fact: Fact<unknown>;
  readonly look: Look<Reading<unknown>>;
}

/** Facts about paths and programs: looked at when somebody names one. */
export class KeyedFacts {
  readonly #options: KeyedFactsOptions;
  readonly #entries: Readonly<Record<KeyedName, Map<string, Entry>>> = {
    disk_free: new Map(),
    programs: new Map(),
  };

  constructor(options: KeyedFactsOptions) {
    this.#options = options;
  }

  async about<N extends KeyedName>(name: N, key: string): Promise<Fact<KeyedValue<N>>> {
    const given = this.#options.overrides.keyed?.[name]?.[key];
    if (given !== undefined) {
      return { known: given as KeyedValue<N>, at: this.#options.clock.now() };
    }
    const entries = this.#entries[name];
    const entry = entries.get(key) ?? this.#enter(name, key);
    entries.delete(key); // So that the order of keys is the order in which they were asked for.
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > KEYS_MAX && oldest !== undefined) entries.delete(oldest);
    if (entry.look.olderThan(this.#options.sources[name].everyMs)) await entry.look.again();
    return entry.fact as Fact<KeyedValue<N>>; // Each map holds answers of its own source only.
  }

  /** What is known of each key; keys about which nothing is known are left out. */
  snapshot(): { readonly [N in KeyedName]: Fact<FactTable[N]> } {
    return { disk_free: this.#all("disk_free"), programs: this.#all("programs") };
  }

  #all<N extends KeyedName>(name: N): Fact<FactTable[N]> {
    const found = [...this.#entries[name]].flatMap(([key, { fact }]) =>
      isKnown(fact) ? [[key, fact.known] as const] : [],
    );
    const all = { ...Object.fromEntries(found), ...this.#options.overrides.keyed?.[name] };
    // Whoever is told of them must not take another order of asking for a change.
    const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      known: Object.fromEntries(sorted) as FactTable[N],
      at: this.#options.clock.now(),
    };
  }

  #enter(name: KeyedName, key: string): Entry {
    const { clock, sources, changed } = this.#options;
    const source = sources[name];
    const entry: Entry = {
      fact: unknown("not looked at yet"),
      look: new Look<Reading<unknown>>({
        ...{ clock, limitMs: source.limitMs ?? LIMIT_MS },
        read: (signal) => source.read(key, signal),
        done: (result) => {
          const reading = "ok" in result ? result.ok : unknown(result.failed);
          entry.fact = "unknown" in reading ? reading : { known: reading.known, at: clock.now() };
          changed(name);
        },
      }),
    };
    return entry;
  }
}
