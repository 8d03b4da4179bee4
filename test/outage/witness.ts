import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import type { Entry } from "../../engine/journal.js";
import type { Append, Persistence } from "../../persistence/persistence.js";

/** What persistence acknowledged and what ran, noted in a file outside of any database. */
export class Witness {
  /** Appends that were accepted; the file has each as a line, written before anybody is answered. */
  acknowledged = 0;
  /** Jobs of which the end was. */
  ended = 0;
  /** Atoms that ran although their success had been acknowledged: `job atom`. */
  readonly ranAgain: string[] = [];
  readonly #finished = new Set<string>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    writeFileSync(file, "");
  }

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
    const lines = readFileSync(this.#file, "utf8").trimEnd().split("\n");
    if (lines.length !== this.acknowledged) throw new Error("the witness lost some of its lines");
    for (const line of lines) {
      const { job, seq, token, changes } = JSON.parse(line) as Append;
      const journal = journals.get(job) ?? toMap(await persistence.load(job));
      journals.set(job, journal);
      const entry = journal.get(seq);
      const same = JSON.stringify(entry?.changes) === JSON.stringify(changes);
      if (entry?.token !== token || !same) missing.push(`${job} ${seq}`);
    }
    return missing;
  }

  #note(append: Append): void {
    appendFileSync(this.#file, `${JSON.stringify(append)}\n`);
    this.acknowledged += 1;
    if (append.state === "SUCCESS") this.ended += 1;
    for (const change of append.changes) {
      if (change.change !== "atom" || change.to !== "SUCCESS") continue;
      this.#finished.add(`${append.job} ${change.atom}`);
    }
  }
}

function toMap(entries: readonly Entry[]): ReadonlyMap<number, Entry> {
  return new Map(entries.map((entry) => [entry.seq, entry]));
}
