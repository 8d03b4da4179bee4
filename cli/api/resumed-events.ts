import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../common/error.js";
import type { Client } from "./client.js";
import type { EventsOptions, StreamEvent } from "./event-stream.js";

/** Every agent may be away for so long, ms (a restart, a laptop that wakes up). */
const AWAY_MS = 30_000;
const PAUSE_MS = 500;

export interface ResumedOptions extends EventsOptions {
  readonly client: Client;
  /** Tells the person that an agent is gone and the stream goes on at another one. */
  say(line: string): void;
}

/**
 * The events of a path up to one called `end`, from one agent after the other: when an agent dies,
 * leaves or is too busy, the next one goes on after the last id that was read. Throws what an agent
 * answers instead of a stream, UNREACHABLE when nobody answers for 30 s, the signal's reason.
 */
export async function* resumedEvents(
  path: string,
  { client, say, signal, lastEventId }: ResumedOptions,
): AsyncGenerator<StreamEvent, void, undefined> {
  let last = lastEventId;
  let giveUp = Date.now() + AWAY_MS;
  let told = false;
  for (;;) {
    try {
      for await (const event of await client.events(path, { lastEventId: last, signal })) {
        if (event.id !== "") last = event.id;
        giveUp = Date.now() + AWAY_MS;
        told = false;
        yield event;
        if (event.event === "end") return;
      }
    } catch (error) {
      const away = hasCode(error, "UNREACHABLE", "PERSISTENCE_DOWN", "BUSY");
      if (!away || Date.now() > giveUp) throw error;
      if (!told) say(`${error.message}; asking again`);
      told = true;
    }
    await sleep(PAUSE_MS, undefined, { signal });
  }
}
