import type { LogLine, Said } from "../../common/log.js";
import type { LogChunk } from "../../persistence/persistence.js";

/** A chunk ends after so many characters, or lines: it is read, and removed, as a whole. */
const CHUNK_CHARACTERS = 32 * 1024;
const CHUNK_LINES = 1_000;
/** What a line takes beside its text. */
const LINE_CHARACTERS = 64;

export interface OpenLogOptions {
  readonly job: string;
  readonly token: number;
  readonly agent: string;
}

/** A chunk on its way, and what it takes of the memory. */
export interface Cut {
  readonly log: OpenLog;
  readonly chunk: LogChunk;
  readonly characters: number;
}

/** The lines of one ownership that are not stored yet. */
export class OpenLog {
  /** What the job's log takes in persistence, bytes, as far as it is known. */
  kept: number | undefined;
  /** What waits, and is on its way. */
  characters = 0;
  readonly #options: OpenLogOptions;
  #lines: LogLine[] = [];
  /** Number of the last line. */
  #n = 0;
  #stored = 0;
  #dropped: Omit<LogLine, "text"> | undefined;
  #drops = 0;
  #waiting: { readonly n: number; readonly resolve: () => void }[] = [];

  constructor(options: OpenLogOptions) {
    this.#options = options;
    // A first ownership finds no log.
    if (options.token === 1) this.kept = 0;
  }

  get job(): string {
    return this.#options.job;
  }

  /** What adding it took. */
  add(said: Said, at: number): number {
    return this.#tellDrops() + this.#push({ ...said, at });
  }

  /** There was no room for it: it is counted. */
  drop({ text: _text, ...said }: Said, at: number): void {
    this.#dropped = { ...said, at };
    this.#drops += 1;
  }

  /** Everything that waits, from now on on its way. */
  cut(): readonly Cut[] {
    this.#tellDrops();
    const cuts: Cut[] = [];
    let n = this.#n - this.#lines.length;
    while (this.#lines.length > 0) {
      let characters = 0;
      const end = this.#lines.findIndex(({ text }) => {
        characters += text.length + LINE_CHARACTERS;
        return characters >= CHUNK_CHARACTERS;
      });
      const count = Math.min(CHUNK_LINES, end === -1 ? this.#lines.length : end + 1);
      const lines = this.#lines.splice(0, count);
      n += count;
      const size = lines.reduce((sum, { text }) => sum + text.length + LINE_CHARACTERS, 0);
      cuts.push({ log: this, chunk: { ...this.#options, n, lines }, characters: size });
    }
    return cuts;
  }

  /** The chunk is stored, or given up. */
  settle({ chunk, characters }: Cut): void {
    this.characters -= characters;
    this.#stored = chunk.n;
    const done = this.#waiting.filter(({ n }) => n <= this.#stored);
    this.#waiting = this.#waiting.filter(({ n }) => n > this.#stored);
    for (const { resolve } of done) resolve();
  }

  /** Resolves when all that was added so far is settled; undefined when it is. */
  settled(): Promise<void> | undefined {
    const n = this.#n;
    if (n === this.#stored) return undefined;
    return new Promise((resolve) => this.#waiting.push({ n, resolve }));
  }

  #push(line: LogLine): number {
    this.#lines.push(line);
    this.#n += 1;
    const characters = line.text.length + LINE_CHARACTERS;
    this.characters += characters;
    return characters;
  }

  #tellDrops(): number {
    if (this.#dropped === undefined) return 0;
    const text = `... ${this.#drops} lines dropped: more came than could be stored`;
    const line = { ...this.#dropped, text };
    this.#dropped = undefined;
    this.#drops = 0;
    return this.#push(line);
  }
}
