import type { EventType, ResetView } from "../../common/wire/events.js";
import type { Filter } from "./filter.js";

/** Who reads a stream of server-sent events; it is written whole events, in order. */
export interface Reader {
  /** Aborts when it is gone. */
  readonly signal: AbortSignal;
  write(text: string | Buffer): void;
  /** Resolves when it has taken what was written, or is gone. */
  drained(): Promise<void>;
}

/** An event with the text that all who follow it are sent. */
export interface LiveEvent {
  readonly event: Parameters<Filter>[0];
  readonly text: string;
}

/** Events that a reader did not want after which it is told where it is. */
const SKIPPED_MAX = 200;

/** One reader of a feed. */
export class Follower {
  readonly #filter: Filter | undefined;
  readonly #reader: Pick<Reader, "write">;
  #skipped = 0;

  constructor(filter: Filter | undefined, reader: Pick<Reader, "write">) {
    this.#filter = filter;
    this.#reader = reader;
  }

  /**
   * `all`: the texts of `events` as bytes, the same for everybody. Who wants few of them is told
   * its cursor now and then, or it would lie behind what is remembered when it comes back.
   */
  take(events: readonly LiveEvent[], all: () => Buffer, cursor: () => string): void {
    if (this.#filter === undefined) return this.#reader.write(all());
    const wanted = events.filter(({ event }) => this.#filter?.(event)).map(({ text }) => text);
    this.#skipped = wanted.length > 0 ? 0 : this.#skipped + events.length;
    if (wanted.length > 0) this.#reader.write(wanted.join(""));
    else if (this.#skipped >= SKIPPED_MAX) {
      this.#skipped = 0;
      this.#reader.write(cursor());
    }
  }

  /** Whatever it wants: it is about the stream itself. */
  note(text: string): void {
    this.#reader.write(text);
  }
}

/** As it goes over the wire; `json` has no line breaks. */
export function eventText(type: EventType | Note, json: string, id?: string): string {
  const place = id === undefined ? "" : `id: ${id}\n`;
  return `${place}event: ${type}\ndata: ${json}\n\n`;
}

/** What a stream says of itself: where it is, that events are missing, that it is over. */
type Note = "cursor" | "reset" | "end";

export function resetText(reset: ResetView, id: string): string {
  return eventText("reset", JSON.stringify(reset), id);
}
