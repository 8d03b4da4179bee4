import type { IncomingMessage } from "node:http";
import { JobrunnerError } from "../../common/error.js";

/** One server-sent event. */
export interface StreamEvent {
  /** Where to go on after it: the last id that was sent. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Agents send a sign of life every 15 s; one that is silent for so long is gone, ms. */
const SILENT_MS = 45_000;
/** Longest event, characters. */
const EVENT_CHARS_MAX = 16 * 1024 * 1024;

export interface EventsOptions {
  /** Where the stream goes on after. */
  readonly lastEventId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The events of one answer; they end when the agent ends it. Throws UNREACHABLE when the agent
 * breaks off or falls silent, the signal's reason when that aborts.
 */
export async function* readEvents(
  incoming: IncomingMessage,
  { lastEventId, signal }: EventsOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  const parser = new EventParser(lastEventId);
  const silent = setTimeout(
    () => incoming.destroy(new Error(`nothing came for ${SILENT_MS / 1000} s`)),
    SILENT_MS,
  );
  incoming.setEncoding("utf8");
  try {
    // Leaving the loop in any way closes the connection.
    for await (const text of incoming as AsyncIterable<string>) {
      silent.refresh();
      yield* parser.push(text);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof JobrunnerError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new JobrunnerError("UNREACHABLE", why, { cause: error, retryable: true });
  } finally {
    clearTimeout(silent);
  }
}

/** Texts in, whole events out; an event that was not finished is never told. */
export class EventParser {
  #rest = "";
  #id: string;
  #event = "";
  #data: string[] = [];

  constructor(lastEventId = "") {
    this.#id = lastEventId;
  }

  push(text: string): readonly StreamEvent[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    const chars = this.#data.reduce((sum, { length }) => sum + length, this.#rest.length);
    if (chars > EVENT_CHARS_MAX) {
      throw new JobrunnerError("UNREACHABLE", "the agent sent an event that is too large");
    }
    return lines.flatMap((line) => this.#take(line.replace(/\r$/, "")) ?? []);
  }

  #take(line: string): StreamEvent | undefined {
    if (line === "") return this.#dispatch();
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
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
