import type { EventView } from "../../common/wire/events.js";

/** What an agent remembers of its own events: about 200 jobs of three tasks. */
const ENTRIES_MAX = 4_000;
/** The same in characters of their JSON, of which most are single bytes. */
const CHARS_MAX = 2 * 1024 ** 2;
/**
 * What an agent remembers of all others together, in the same characters: with the objects beside
 * them an event takes 2.5 bytes for each (measured), so 60 MiB. From 12 agents on each has less.
 */
export const OTHERS_CHARS_MAX = 24 * 1024 ** 2;

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
  #charsMax = CHARS_MAX;
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

  /** What its events take, in characters of their JSON. */
  get chars(): number {
    return this.#chars;
  }

  /** From now on it has so many of these for itself, and never more than usual. */
  limit(chars: number): void {
    this.#charsMax = Math.min(chars, CHARS_MAX);
    this.#trim();
  }

  push(entry: RingEntry): void {
    this.#entries.push(entry);
    this.#last = entry.n;
    this.#chars += entry.json.length;
    this.#trim();
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
      if (this.#entries.length >= ENTRIES_MAX || chars > this.#charsMax) return;
      this.#entries.unshift(entry);
      this.#chars = chars;
    }
  }

  /** Those after `n` that are still here. */
  after(n: number): readonly RingEntry[] {
    return this.#entries.slice(Math.max(0, n - this.first + 1));
  }

  #trim(): void {
    let [gone, chars] = [Math.max(0, this.#entries.length - ENTRIES_MAX), this.#chars];
    for (const { json } of this.#entries.slice(0, gone)) chars -= json.length;
    while (chars > this.#charsMax) {
      chars -= this.#entries[gone]?.json.length ?? chars;
      gone += 1;
    }
    if (gone === 1) this.#entries.shift();
    else if (gone > 1) this.#entries.splice(0, gone);
    this.#chars = chars;
  }
}
