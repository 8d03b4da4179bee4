/** One server-sent event. */
export interface StreamEvent {
  /** Where to go on after it: the last id that was sent. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Longest event, characters. */
const EVENT_CHARS_MAX = 16 * 1024 * 1024;

/** Texts in, whole events out; an event that was not finished is never told. */
export class EventParser {
  #rest = "";
  #id: string;
  #event = "";
  #data: string[] = [];

  constructor(lastEventId = "") {
    this.#id = lastEventId;
  }

  /** Throws for an event that is too large to be one. */
  push(text: string): readonly StreamEvent[] {
    const whole = this.#rest + text;
    const end = whole.lastIndexOf("\n") + 1;
    this.#rest = whole.slice(end);
    const lines = whole.slice(0, end).split("\n").slice(0, -1);
    const chars = this.#data.reduce((sum, { length }) => sum + length, this.#rest.length);
    if (chars > EVENT_CHARS_MAX) throw new Error("it sent an event that is too large");
    return lines.flatMap((line) => this.#take(line.replace(/\r$/, "")) ?? []);
  }

  #take(line: string): StreamEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") this.#id = value;
    else if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    return undefined; // A comment, or a field of a newer agent.
  }

  #dispatch(): StreamEvent | undefined {
    const data = this.#data.join("\n");
    const event = this.#event === "" ? "message" : this.#event;
    const told = this.#data.length > 0;
    this.#data = [];
    this.#event = "";
    return told ? { id: this.#id, event, data } : undefined;
  }
}
