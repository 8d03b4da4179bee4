import type { Entry } from "../../../engine/journal.js";
import type { JobRow } from "../../../persistence/persistence.js";
import { JournalReader } from "../journal.js";
import type { Tell } from "./told.js";

/** Tells what one ownership writes, in the words in which everybody will read it in the journal. */
export class Narrator {
  readonly #reader: JournalReader;
  readonly #tell: Tell;

  constructor(row: Pick<JobRow, "id" | "needs">, tell: Tell) {
    this.#reader = new JournalReader(row);
    this.#tell = tell;
  }

  /** What there was before it: told by those who wrote it. */
  goOnAfter(entries: readonly Entry[]): void {
    for (const entry of entries) this.#reader.read(entry, undefined);
  }

  /** To be called once the entry is durable. */
  written(entry: Entry): void {
    for (const { event } of this.#reader.read(entry, undefined)) this.#tell(event);
  }
}
