/*
 * How much of what one body says is taken in a second. The agent's event loop also renews claims
 * and serves other jobs: nothing that one of them writes may keep it busy.
 */

const SECOND_MS = 1_000;

/** What is read of the output of one body's commands, or of one runner. */
const READ_LINES_MAX = 20_000;
const READ_CHARACTERS_MAX = 8 * 1024 * 1024;

/** What is logged of it: more than people read, less than keeps a log busy. */
const LOG_LINES_MAX = 1_000;
const LOG_CHARACTERS_MAX = 256 * 1024;
/** Characters after which a logged line is cut. */
const LINE_MAX = 16_384;

/** What was taken in the second that runs. */
class Second {
  #since = Number.NEGATIVE_INFINITY;
  lines = 0;
  characters = 0;

  /** Milliseconds until it is over; starts a new one, and says so, when it is. */
  look(): { readonly leftMs: number; readonly isNew: boolean } {
    const now = performance.now();
    const isNew = now - this.#since >= SECOND_MS;
    if (isNew) {
      this.#since = now;
      this.lines = 0;
      this.characters = 0;
    }
    return { leftMs: this.#since + SECOND_MS - now, isNew };
  }
}

/** Whoever reads pauses when it is used up, so that the writer waits. Nothing is lost by it. */
export class ReadBudget {
  readonly #second = new Second();

  /** How long to read nothing more after so much was read, ms; 0 while something is left. */
  pauseMs(lines: number, characters: number): number {
    const { leftMs } = this.#second.look();
    this.#second.lines += lines;
    this.#second.characters += characters;
    const over =
      this.#second.lines > READ_LINES_MAX || this.#second.characters > READ_CHARACTERS_MAX;
    return over ? Math.max(1, leftMs) : 0;
  }
}

/** Lines on their way to a log: what is too much is counted, and the count logged. */
export class LogBudget {
  readonly #second = new Second();
  readonly #take: (line: string) => void;
  #dropped = 0;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  add(line: string): void {
    if (this.#second.look().isNew) this.end();
    if (this.#second.lines >= LOG_LINES_MAX || this.#second.characters >= LOG_CHARACTERS_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#second.lines += 1;
    this.#second.characters += Math.min(line.length, LINE_MAX);
    this.#take(line.slice(0, LINE_MAX));
  }

  /** Tells what was dropped; also to be called when nothing more comes. */
  end(): void {
    if (this.#dropped === 0) return;
    this.#take(
      `... ${this.#dropped} lines dropped: more than ${LOG_LINES_MAX} lines or 256 KiB a second`,
    );
    this.#dropped = 0;
  }
}
