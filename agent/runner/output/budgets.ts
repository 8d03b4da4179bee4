import type { LogStream } from "../../../common/log.js";

/*
 * How much of what one body says is taken in a second. The agent's event loop also renews claims
 * and serves other jobs: nothing that one of them writes may keep it busy.
 */

const SECOND_MS = 1_000;

/** What is read of the output of one body's commands, or of one runner. */
const READ_LINES_MAX = 20_000;
const READ_CHARACTERS_MAX = 8 * 1024 * 1024;

/** Sent to a body that it was not handed yet: its runner may be busy with another job. */
const OPEN_CHARACTERS_MAX = 1024 * 1024;
/** How soon to look again whether it was, ms. */
const OPEN_PAUSE_MS = 50;

/** What is logged of it: more than people read, less than keeps a log busy. */
const LOG_LINES_MAX = 1_000;
const LOG_CHARACTERS_MAX = 256 * 1024;
/** Seconds of silence that may be made up for: who is mostly quiet may write a lot at once. */
const BURST_SECONDS = 10;
/** Characters after which a logged line is cut. */
const LINE_MAX = 16_384;

/** What was taken in the second that runs. */
class Second {
  #since = Number.NEGATIVE_INFINITY;
  lines = 0;
  characters = 0;

  /**
   * Milliseconds until it is over; starts a new one, and says so, when it is, and how many seconds
   * have passed since the last one began.
   */
  look(): { readonly leftMs: number; readonly isNew: boolean; readonly passed: number } {
    const now = performance.now();
    const passed = (now - this.#since) / SECOND_MS;
    const isNew = passed >= 1;
    if (isNew) {
      this.#since = now;
      this.lines = 0;
      this.characters = 0;
    }
    return { leftMs: this.#since + SECOND_MS - now, isNew, passed };
  }
}

/** Whoever reads pauses when it is used up, so that the writer waits. Nothing is lost by it. */
export class ReadBudget {
  readonly #second = new Second();
  #open = 0;

  /** On its way to the body. */
  sent(characters: number): void {
    this.#open += characters;
  }

  /** The body has it. */
  taken(characters: number): void {
    this.#open -= characters;
  }

  /** How long to read nothing more after so much was read, ms; 0 while something is left. */
  pauseMs(lines: number, characters: number): number {
    const { leftMs } = this.#second.look();
    this.#second.lines += lines;
    this.#second.characters += characters;
    const over =
      this.#second.lines > READ_LINES_MAX || this.#second.characters > READ_CHARACTERS_MAX;
    if (over) return Math.max(1, leftMs);
    return this.#open > OPEN_CHARACTERS_MAX ? OPEN_PAUSE_MS : 0;
  }
}

type Take = (line: string, stream: LogStream) => void;

/** Lines on their way to a log: what is too much is counted, and the count logged. */
export class LogBudget {
  readonly #second = new Second();
  readonly #take: Take;
  readonly #burst: number;
  #lines: number;
  #characters: number;
  #last: LogStream = "log";
  #dropped = 0;

  /** `burst`: for how many seconds' worth of lines at once, at least 1. */
  constructor(take: Take, burst = BURST_SECONDS) {
    this.#take = take;
    this.#burst = burst;
    this.#lines = burst * LOG_LINES_MAX;
    this.#characters = burst * LOG_CHARACTERS_MAX;
  }

  add(line: string, stream: LogStream = "log"): void {
    this.#last = stream;
    const { passed, isNew } = this.#second.look();
    if (isNew) this.#refill(passed);
    if (this.#lines <= 0 || this.#characters <= 0) {
      this.#dropped += 1;
      return;
    }
    this.#lines -= 1;
    this.#characters -= Math.min(line.length, LINE_MAX);
    this.#take(line.slice(0, LINE_MAX), stream);
  }

  /** Tells what was dropped; also to be called when nothing more comes. */
  end(): void {
    if (this.#dropped === 0) return;
    const why = `more than ${LOG_LINES_MAX} lines or 256 KiB a second`;
    this.#take(`... ${this.#dropped} lines dropped: ${why}`, this.#last);
    this.#dropped = 0;
  }

  #refill(seconds: number): void {
    const more = Math.min(seconds, this.#burst);
    this.#lines = Math.min(this.#burst * LOG_LINES_MAX, this.#lines + more * LOG_LINES_MAX);
    this.#characters = Math.min(
      this.#burst * LOG_CHARACTERS_MAX,
      this.#characters + more * LOG_CHARACTERS_MAX,
    );
    this.end();
  }
}
