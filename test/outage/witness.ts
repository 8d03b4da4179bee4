import type { Entry } from "../../engine/journal.js";
import type { Append, Persistence } from "../../persistence/persistence.js";

/** What persistence acknowledged and what ran, noted outside of any database. */
export class Witness {
  /** Appends that were accepted, in order. */
  readonly acknowledged: Append[] = [];
  /** Atoms that ran although their success had been acknowledged: `job atom`. */
  readonly ranAgain: string[] = [];
  readonly #finished = new Set<string>();

  /** The same persistence, overheard. */
  watch(persistence: Persistence): Persistence {
    return new Proxy(persistence, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (name !== "append") return member.bind(target) as unknown;
        return async (appends: readonly Append[]) => {
          const verdicts = await target.append(appends);
          verdicts.forEach(({ accepted }, index) => {
            const append = appends[index];
            if (accepted && append !== undefined) this.#note(append);
          });
          return verdicts;
        };
      },
    });
  }

  ran(job: string, atom: string): void {
    if (this.#finished.has(`${job} ${atom}`)) this.ranAgain.push(`${job} ${atom}`);
  }

  /** Every acknowledged entry that is not in the journal as it was sent. */
  async missing(persistence: Pick<Persistence, "load">): Promise<readonly string[]> {
    const missing: string[] = [];
    const journals = new Map<string, ReadonlyMap<number, Entry>>();
    for (const { job, seq, token, changes } of this.acknowledged) {
      const journal = journals.get(job) ?? toMap(await persistence.load(job));
      journals.set(job, journal);
      const entry = journal.get(seq);
      const same = JSON.stringify(entry?.changes) === JSON.stringify(changes);
      if (entry?.token !== token || !same) missing.push(`${job} ${seq}`);
    }
    return missing;
  }

  #note(append: Append): void {
    this.acknowledged.push(append);
    for (const change of append.changes) {
      if (change.change !== "atom" || change.to !== "SUCCESS") continue;
      this.#finished.add(`${append.job} ${change.atom}`);
    }
  }
}

function toMap(entries: readonly Entry[]): ReadonlyMap<number, Entry> {
  return new Map(entries.map((entry) => [entry.seq, entry]));
}
