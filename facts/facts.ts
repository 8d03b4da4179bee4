import type { Clock } from "../common/clock.js";
import { untilTick } from "../common/time/tick.js";
import type { Fact, FactName, FactTable, KeyedName, KeyedValue, Snapshot } from "./fact.js";
import { KeyedFacts } from "./keyed.js";
import { isKnown, Look } from "./look.js";
import type { Overrides } from "./overrides.js";
import { type KeyedSources, type Readings, type Source, unknown } from "./source.js";

/** For a source that says nothing else, ms. */
const LIMIT_MS = 2_000;
/** After which a source that failed, and is read once, is read again, ms; twice as long each time. */
const AGAIN_MS = 10_000;
const AGAIN_MS_MAX = 10 * 60_000;

export interface FactsOptions {
  readonly clock: Clock;
  /** Name of the agent. */
  readonly agent: string;
  /** Labels its owner gave it. */
  readonly tags?: Readonly<Record<string, string>>;
  /** What is so because the owner says so; nothing is looked at for these. */
  readonly overrides?: Overrides;
  readonly sources: readonly Source[];
  readonly keyed: KeyedSources;
}

/** What this agent knows about its machine. Nothing here rejects: what fails is unknown. */
export interface Facts extends AsyncDisposable {
  /** Begins to look, in the background. */
  start(): void;
  /** What is known now; of a costly fact that is old, a new look begins. */
  get<N extends FactName>(name: N): Fact<FactTable[N]>;
  /** The same, after a look when what is known is older than `ageMs`. */
  fresh<N extends FactName>(name: N, ageMs: number): Promise<Fact<FactTable[N]>>;
  /** Looks now. */
  refresh<N extends FactName>(name: N): Promise<Fact<FactTable[N]>>;
  /** About one path or program; remembered, so that snapshots show it from then on. */
  about<N extends KeyedName>(name: N, key: string): Promise<Fact<KeyedValue<N>>>;
  snapshot(): Snapshot;
  /** Its owner gave it other labels. */
  setTags(tags: FactTable["tags"]): void;
  /** Calls back with the names of facts whose values have changed; the answer ends that. */
  onChange(listener: (changed: ReadonlySet<FactName>) => void): () => void;
}

interface Watched {
  readonly source: Source;
  readonly look: Look<Readings>;
  /** The last look had no answer. */
  failed: boolean;
}

export function createFacts(options: FactsOptions): Facts {
  return new LookingFacts(options);
}

class LookingFacts implements Facts {
  readonly #options: FactsOptions;
  readonly #facts = new Map<FactName, Fact<unknown>>();
  readonly #watched: readonly Watched[];
  readonly #keyed: KeyedFacts;
  readonly #listeners = new Set<(changed: ReadonlySet<FactName>) => void>();
  readonly #stop = new AbortController();
  #loops: readonly Promise<void>[] = [];

  constructor(options: FactsOptions) {
    const { agent, tags = {}, overrides = {}, clock } = options;
    this.#options = options;
    this.#set({ ok: { agent: { known: agent }, tags: { known: tags } } }, ["agent", "tags"]);
    this.#keyed = new KeyedFacts({
      ...{ clock, sources: options.keyed, overrides },
      changed: (name) => this.#tell(new Set([name])),
    });
    this.#watched = options.sources.map((source) => this.#watch(source));
    for (const { source } of this.#watched) {
      for (const name of source.names) this.#facts.set(name, unknown("not looked at yet"));
    }
    for (const [name, reading] of Object.entries(overrides.plain ?? {})) {
      this.#facts.set(name as FactName, this.#dated(reading));
    }
  }

  start(): void {
    if (this.#loops.length > 0) return;
    const once = this.#watched.filter(({ source }) => source.everyMs === undefined);
    const repeated = this.#watched.filter(
      ({ source }) => source.everyMs !== undefined && source.onDemand !== true,
    );
    this.#loops = [this.#readOnce(once), ...repeated.map((watched) => this.#readAgain(watched))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#listeners.clear();
    await Promise.all(this.#loops);
  }

  get<N extends FactName>(name: N): Fact<FactTable[N]> {
    const watched = this.#sourceOf(name);
    if (watched?.source.onDemand === true) {
      if (watched.look.olderThan(watched.source.everyMs ?? 0)) void watched.look.again();
    }
    return this.#read(name);
  }

  async fresh<N extends FactName>(name: N, ageMs: number): Promise<Fact<FactTable[N]>> {
    const watched = this.#sourceOf(name);
    const restMs = watched?.source.restMs ?? 0;
    if (watched?.look.olderThan(Math.max(ageMs, restMs)) === true) await watched.look.again();
    return this.#read(name);
  }

  async refresh<N extends FactName>(name: N): Promise<Fact<FactTable[N]>> {
    await this.#sourceOf(name)?.look.again();
    return this.#read(name);
  }

  about<N extends KeyedName>(name: N, key: string): Promise<Fact<KeyedValue<N>>> {
    return this.#keyed.about(name, key);
  }

  snapshot(): Snapshot {
    const names = [...this.#facts.keys()];
    const plain = Object.fromEntries(names.map((name) => [name, this.get(name)]));
    return { ...plain, ...this.#keyed.snapshot() } as Snapshot;
  }

  setTags(tags: FactTable["tags"]): void {
    this.#set({ ok: { tags: { known: tags } } }, ["tags"]);
  }

  onChange(listener: (changed: ReadonlySet<FactName>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** One after the other: together they would block the loop for the sum of what each does. */
  async #readOnce(watched: readonly Watched[]): Promise<void> {
    let left = watched;
    for (let pauseMs = AGAIN_MS; left.length > 0; pauseMs = Math.min(pauseMs * 2, AGAIN_MS_MAX)) {
      for (const { look } of left) {
        if (this.#stop.signal.aborted) return;
        await look.again();
      }
      left = left.filter(({ failed }) => failed);
      if (left.length > 0) await this.#options.clock.sleep(pauseMs, this.#stop.signal);
      left = left.filter(({ failed }) => failed); // It may have answered late.
    }
  }

  async #readAgain({ source, look }: Watched): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      await look.again();
      await clock.sleep(untilTick(source.everyMs ?? 0, clock.monotonic()), this.#stop.signal);
    }
  }

  #watch(source: Source): Watched {
    const given = this.#options.overrides?.plain ?? {};
    const names = source.names.filter((name) => given[name] === undefined);
    const look = new Look<Readings>({
      clock: this.#options.clock,
      limitMs: source.limitMs ?? LIMIT_MS,
      // What is given for all of its facts needs no look.
      read: (signal) => (names.length === 0 ? {} : source.read(signal)),
      done: (result) => {
        watched.failed = "failed" in result;
        this.#set(result, names);
      },
    });
    const watched: Watched = { source, look, failed: false };
    return watched;
  }

  #sourceOf(name: FactName): Watched | undefined {
    return this.#watched.find(({ source }) => (source.names as readonly FactName[]).includes(name));
  }

  /** The map holds each fact under its own name: `#set` and the overrides' check see to it. */
  #read<N extends FactName>(name: N): Fact<FactTable[N]> {
    if (name === "disk_free" || name === "programs") {
      return this.#keyed.snapshot()[name] as Fact<FactTable[N]>;
    }
    const fact = this.#facts.get(name) ?? unknown("this agent has no source for it");
    return fact as Fact<FactTable[N]>;
  }

  #set(
    result: { readonly ok: Readings } | { readonly failed: string },
    names: readonly (keyof Readings)[],
  ): void {
    const changed = new Set<FactName>();
    for (const name of names) {
      const reading = "ok" in result ? result.ok[name] : unknown(result.failed);
      const fact = this.#dated(reading ?? unknown("its source does not tell"));
      const before = this.#facts.get(name);
      this.#facts.set(name, fact);
      if (before === undefined || !sameValue(before, fact)) changed.add(name);
    }
    this.#tell(changed);
  }

  #dated(reading: { readonly known: unknown } | { readonly unknown: string }): Fact<unknown> {
    if ("unknown" in reading) return reading;
    return { known: reading.known, at: this.#options.clock.now() };
  }

  #tell(changed: ReadonlySet<FactName>): void {
    if (changed.size === 0) return;
    for (const listener of this.#listeners) listener(changed);
  }
}

function sameValue(a: Fact<unknown>, b: Fact<unknown>): boolean {
  if (!isKnown(a) || !isKnown(b))
    return "unknown" in a && "unknown" in b && a.unknown === b.unknown;
  return JSON.stringify(a.known) === JSON.stringify(b.known);
}
