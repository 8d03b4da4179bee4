import type { EventView } from "../../common/wire/events.js";

/** What an agent remembers of its own events: about 200 jobs of three tasks. */
const ENTRIES_MAX = 4_000;
/** The same in characters of their JSON, of which most are single bytes. */
const CHARS_MAX = 2 * 1024 ** 2;

/** One event of one agent, written as JSON once for all who read it. */
export interface RingEntry {
  /** Dense from 1 for each incarnation of an agent. */
  readonly n: number;
  readonly event: EventView;
  readonly json: string;
}

/** The last events of one incarnation, in order, without gaps. */
export class Ring {
  /** `<agent>~<incarnation>`: its name in cursors. */
  readonly source: string;
  #entries: RingEntry[] = [];
  #chars = 0;
  #last: number;

  /** Begins empty, after event `last`. */
  constructor(source: string, last = 0) {
    this.source = source;
    this.#last = last;
  }

  /** Number of the newest event there was; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Number of the oldest event that is still here. */
  get first(): number {
    return this.#last - this.#entries.length + 1;
  }

  push(entry: RingEntry): void {
    this.#entries.push(entry);
    this.#last = entry.n;
    this.#chars += entry.json.length;
    while (this.#isFull()) this.#chars -= this.#entries.shift()?.json.length ?? 0;
  }

  /** Forgets everything: from here on it goes on after event `last`. */
  skipTo(last: number): void {
    this.#entries = [];
    this.#chars = 0;
    this.#last = last;
  }

  /** Older events that another agent still had; those that do not join what is here are left. */
  extend(older: readonly RingEntry[]): void {
    for (const entry of [...older].reverse()) {
      const chars = this.#chars + entry.json.length;
      if (entry.n !== this.first - 1) continue;
      if (this.#entries.length >= ENTRIES_MAX || chars > CHARS_MAX) return;
      this.#entries.unshift(entry);
      this.#chars = chars;
    }
  }

  /** Those after `n` that are still here. */
  after(n: number): readonly RingEntry[] {
    return this.#entries.slice(Math.max(0, n - this.first + 1));
  }

  #isFull(): boolean {
    return this.#entries.length > ENTRIES_MAX || this.#chars > CHARS_MAX;
  }
}
