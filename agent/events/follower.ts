import type { EventType, ResetView } from "../../common/wire/events.js";
import type { Filter } from "./filter.js";

/** Takes pieces of a stream of server-sent events; whole events, in order. */
export type Sink = (text: string | Buffer) => void;

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
  readonly #sink: Sink;
  #skipped = 0;

  constructor(filter: Filter | undefined, sink: Sink) {
    this.#filter = filter;
    this.#sink = sink;
  }

  /**
   * `all`: the texts of `events` as bytes, the same for everybody. Who wants few of them is told its
   * cursor now and then, or it would lie behind what is remembered when it comes back.
   */
  take(events: readonly LiveEvent[], all: () => Buffer, cursor: () => string): void {
    if (this.#filter === undefined) return this.#sink(all());
    const wanted = events.filter(({ event }) => this.#filter?.(event)).map(({ text }) => text);
    this.#skipped = wanted.length > 0 ? 0 : this.#skipped + events.length;
    if (wanted.length > 0) this.#sink(wanted.join(""));
    else if (this.#skipped >= SKIPPED_MAX) {
      this.#skipped = 0;
      this.#sink(cursor());
    }
  }

  /** Whatever it wants: it is about the stream itself. */
  note(text: string): void {
    this.#sink(text);
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
