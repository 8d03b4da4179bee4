import { hasCode } from "../../common/error.js";
import type { LogCursor } from "../../common/log.js";
import type { StoredChunk } from "../../persistence/persistence.js";
import { Feed, type FeedEnd, type FeedOptions } from "./feed.js";
import { CHUNKS_PER_READ } from "./reading.js";

/** Between two tries of a follower that is behind while persistence is away, ms. */
const AWAY_MS = 1_000;

interface Followed {
  readonly feed: Feed;
  followers: number;
}

/** Who follows which job's log through this agent. Nobody is looked for when nobody follows. */
export class Feeds {
  readonly #options: FeedOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Something happened to the job's log, or to the job, on this very agent. */
  wake(job: string): void {
    this.#followed.get(job)?.feed.wake();
  }

  /**
   * The chunks behind a place as they come, at the pace of the reader; returns how the job ended,
   * undefined when the signal aborted. A chunk may begin with lines that are not behind the place.
   */
  async *follow(
    job: string,
    from: LogCursor,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredChunk[], FeedEnd | undefined, undefined> {
    const { feed } = this.#enter(job, from);
    try {
      for (let cursor = from; !signal.aborted;) {
        const { changes } = feed;
        const chunks = feed.behind(cursor) ?? (await this.#read(job, cursor, signal));
        if (chunks.length > 0) {
          yield chunks;
          cursor = chunks.at(-1) ?? cursor;
        } else if (feed.over !== undefined) {
          return feed.over;
        } else {
          await feed.changed(changes, signal);
        }
      }
      return undefined;
    } finally {
      this.#leave(job);
    }
  }

  /** For a follower that is too far behind. */
  async #read(job: string, after: LogCursor, signal: AbortSignal): Promise<readonly StoredChunk[]> {
    while (!signal.aborted) {
      try {
        const page = await this.#options.persistence.logs(job, { after, limit: CHUNKS_PER_READ });
        return page?.chunks ?? [];
      } catch (error) {
        if (!hasCode(error, "PERSISTENCE_DOWN")) throw error;
        await this.#options.clock.sleep(AWAY_MS, signal);
      }
    }
    return [];
  }

  #enter(job: string, from: LogCursor): Followed {
    const known = this.#followed.get(job);
    const followed = known ?? { feed: new Feed(this.#options, job, from), followers: 0 };
    followed.followers += 1;
    this.#followed.set(job, followed);
    return followed;
  }

  #leave(job: string): void {
    const followed = this.#followed.get(job);
    if (followed === undefined) return;
    followed.followers -= 1;
    if (followed.followers > 0) return;
    followed.feed.stop();
    this.#followed.delete(job);
  }
}
