import type { EventView } from "../../common/wire/events.js";
import { agentOf, formatCursor, formatPlace, type Vector } from "./cursor.js";
import type { Filter } from "./filter.js";
import { eventText, Follower, type LiveEvent, type Reader, resetText } from "./follower.js";
import { OTHERS_CHARS_MAX, type Ring, type RingEntry } from "./ring.js";
import { toJson } from "./telling/told.js";

/*
 * The events of one or many agents in one order, for all who follow them here. Each event is
 * written once; what came since the last write goes to everybody together. A reader of any such
 * feed goes on at any other one: what it knows of each agent is its cursor.
 */

/**
 * Pause between two writes for each reader, ms: writing to one takes some 10 us, so that writes
 * take a tenth of the time at most. 1,000 readers are written to ten times a second.
 */
const PAUSE_MS_EACH = 0.1;

export interface Joining {
  /** Where it was; without one it begins with what happens next. */
  readonly since?: Vector | undefined;
  readonly filter?: Filter | undefined;
}

/** Events that a reader who comes back is sent at once. */
const PIECE_EVENTS = 500;

interface Missed {
  readonly text: string;
  /** Where a reader is after it. */
  readonly place: Vector;
  readonly more: boolean;
}

interface Replayed {
  readonly source: string;
  readonly entry: RingEntry;
  /** Its time, or that of an earlier one of its agent if that is later. */
  readonly at: string;
}

export class Feed {
  readonly #rings = new Map<string, Ring>();
  readonly #own: Ring | undefined;
  readonly #followers = new Set<Follower>();
  #pending: LiveEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writtenAt = -Infinity;

  /** `own`: the ring of the agent itself, which others follow: it is as large as ever. */
  constructor(own?: Ring) {
    this.#own = own;
    if (own !== undefined) this.#rings.set(own.source, own);
  }

  /** How many follow it. */
  get size(): number {
    return this.#followers.size;
  }

  ring(source: string): Ring | undefined {
    return this.#rings.get(source);
  }

  rings(): readonly Ring[] {
    return [...this.#rings.values()];
  }

  add(ring: Ring): void {
    this.#rings.set(ring.source, ring);
    this.#share();
  }

  forget(source: string): void {
    this.#rings.delete(source);
    this.#share();
  }

  /** All other agents together have so much room, however many they are. */
  #share(): void {
    const others = this.rings().filter((ring) => ring !== this.#own);
    for (const ring of others) ring.limit(Math.floor(OTHERS_CHARS_MAX / others.length));
  }

  /** To be called once an event is in its ring. */
  publish(entry: RingEntry): void {
    if (this.#followers.size === 0) return;
    const { event, json } = entry;
    this.#write({ event, text: eventText(event.type, json, this.cursor()) });
  }

  /** What only those hear who follow here now: it has no number, and is never told again. */
  announce(told: EventView): void {
    const { event, json } = toJson(told);
    if (this.#followers.size > 0) this.#write({ event, text: eventText(event.type, json) });
  }

  /**
   * It is gone, and everybody was told. Who came back with a cursor that names it would hear that
   * something is missing.
   */
  left(source: string): void {
    this.forget(source);
    this.#note(this.#cursorText());
  }

  /** Events of this source are missing, or its incarnation is gone for good. */
  reset(source: string, reason: string, gone: boolean): void {
    if (gone) this.forget(source);
    this.#note(resetText({ agent: agentOf(source), reason }, this.cursor()));
  }

  #note(text: string): void {
    this.flush();
    for (const follower of this.#followers) follower.note(text);
  }

  cursor(): string {
    return this.rings()
      .map(({ source, last }) => formatPlace(source, last))
      .join(",");
  }

  /**
   * Sends what happened since that place, as fast as the reader takes it, then everything as it
   * happens, until the reader is gone. A reader without a place begins with what happens next.
   */
  async join({ since, filter }: Joining, reader: Reader): Promise<void> {
    const follower = new Follower(filter, reader);
    this.flush(); // The others first: from here on all are at the same place.
    for (let place = since; place !== undefined; this.flush()) {
      const missed = this.#missed(place, filter);
      reader.write(missed.text);
      if (!missed.more) break;
      await reader.drained();
      if (reader.signal.aborted) return;
      ({ place } = missed);
    }
    reader.write(this.#cursorText());
    this.#followers.add(follower);
    await gone(reader.signal);
    this.#followers.delete(follower);
  }

  /** Writes what waits, to everybody. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const events = this.#pending;
    this.#pending = [];
    let bytes: Buffer | undefined;
    const all = (): Buffer => (bytes ??= Buffer.from(events.map(({ text }) => text).join("")));
    const cursor = (): string => this.#cursorText();
    for (const follower of this.#followers) follower.take(events, all, cursor);
    this.#writtenAt = performance.now();
  }

  #write(live: LiveEvent): void {
    this.#pending.push(live);
    if (this.#timer !== undefined) return;
    const pauseMs = this.#followers.size * PAUSE_MS_EACH;
    const waitMs = this.#writtenAt + pauseMs - performance.now();
    this.#timer = setTimeout(() => this.flush(), Math.max(0, waitMs));
  }

  #cursorText(): string {
    return eventText("cursor", "{}", this.cursor());
  }

  /** What happened since that place: first of whom something is missing, then in order of time. */
  #missed(since: Vector, filter: Filter | undefined): Missed {
    const place = new Map(since);
    const texts: string[] = [];
    const skip = (source: string, n: number | undefined, reason: string): void => {
      if (n === undefined) place.delete(source);
      else place.set(source, n);
      texts.push(resetText({ agent: agentOf(source), reason }, formatCursor(place)));
    };
    for (const source of since.keys()) {
      if (!this.#rings.has(source)) skip(source, undefined, "it is gone, or was started again");
    }
    for (const { source, first, last } of this.rings()) {
      const n = since.get(source) ?? 0;
      if (n < first - 1 || n > last) skip(source, first - 1, "it was too long ago");
    }
    const all = this.#since(place);
    for (const { source, entry } of all.slice(0, PIECE_EVENTS)) {
      place.set(source, entry.n);
      if (filter?.(entry.event) === false) continue;
      texts.push(eventText(entry.event.type, entry.json, formatCursor(place)));
    }
    return { text: texts.join(""), place, more: all.length > PIECE_EVENTS };
  }

  /** Those of one agent keep their order, whatever its clock did. */
  #since(place: Vector): readonly Replayed[] {
    const missed = this.rings().flatMap((ring) => {
      const { source } = ring;
      let at = "";
      return ring.after(place.get(source) ?? 0).map((entry) => {
        at = entry.event.at > at ? entry.event.at : at;
        return { source, entry, at };
      });
    });
    return missed.sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1));
  }
}

/** Resolves when the signal aborts. */
export function gone(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
