import { ENDED } from "../../common/job.js";
import type { EventView, EventsView } from "../../common/wire/events.js";
import { resolveId } from "../jobs/resolve.js";
import { formatJobPlace, type JobPlace } from "./cursor.js";
import { gone } from "./feed.js";
import { eventText, type Reader } from "./follower.js";
import {
  eventsAfter,
  JobFeed,
  type JobFeedOptions,
  type ReadJournal,
  readJournal,
  textOf,
} from "./job-feed.js";
import { toJson } from "./telling/told.js";

export interface JobFeedsOptions extends JobFeedOptions {
  /** Hears from the other agents what they write, until it is released. */
  hold(): Promise<void>;
  release(): void;
}

export interface Following {
  /** As it is now. */
  readonly journal: ReadJournal;
  readonly after: JobPlace | undefined;
}

/** Events of a journal that are sent at once. */
const PIECE_EVENTS = 500;

/** The journals that somebody follows here. */
export class JobFeeds {
  readonly #options: JobFeedsOptions;
  readonly #feeds = new Map<string, JobFeed>();

  constructor(options: JobFeedsOptions) {
    this.#options = options;
  }

  /** Throws NOT_FOUND or USAGE, as `resolveId`. */
  idOf(part: string): Promise<string> {
    return resolveId(this.#options.persistence, part);
  }

  /** The journal as it is. Throws as `idOf`. */
  async read(part: string): Promise<ReadJournal> {
    return readJournal(this.#options, await this.idOf(part));
  }

  page(journal: ReadJournal, after: JobPlace | undefined, limit: number): EventsView {
    const rest = eventsAfter(journal.events, after);
    const shown = rest.slice(0, limit);
    const items = shown.map((each) => {
      return { ...toJson(each.event).event, cursor: formatJobPlace(each) };
    });
    const last = shown.at(-1) ?? after ?? { seq: 0, index: 0 };
    const ended = journal.reader.ended !== undefined && shown.length === rest.length;
    return { items, nextCursor: formatJobPlace(last), ended };
  }

  /**
   * Sends what the journal says after that place, then everything as it is written. Resolves when
   * the job is over and its end was sent, or when the reader is gone.
   */
  async follow(following: Following, reader: Reader): Promise<void> {
    const { id } = following.journal;
    void this.#options.hold();
    try {
      let { journal, after } = following;
      for (; !reader.signal.aborted; journal = await this.read(id)) {
        after = await send(journal, after, reader);
        const feed = this.#feeds.get(id) ?? this.#open(id, journal);
        // Otherwise others were sent more while this one read.
        if (feed.seq <= journal.reader.seq) return await this.#join(id, feed, journal, reader);
      }
    } finally {
      this.#options.release();
    }
  }

  /** Something happened, here or elsewhere: those who follow that job hear of it at once. */
  note(event: EventView): void {
    const feed = event.job === undefined ? undefined : this.#feeds.get(event.job);
    if (feed === undefined) return;
    if (isInJournal(event)) return feed.wake(event.seq ?? Infinity);
    feed.pass(eventText(event.type, toJson(event).json));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map((feed) => feed.stop()));
  }

  #open(id: string, { reader }: ReadJournal): JobFeed {
    const feed = new JobFeed(id, reader, this.#options);
    this.#feeds.set(id, feed);
    feed.start();
    return feed;
  }

  async #join(id: string, feed: JobFeed, journal: ReadJournal, reader: Reader): Promise<void> {
    const ended = new AbortController();
    const leave = feed.join(journal.reader.seq, reader, () => ended.abort());
    await gone(AbortSignal.any([reader.signal, ended.signal]));
    leave();
    if (feed.size > 0) return;
    if (this.#feeds.get(id) === feed) this.#feeds.delete(id);
    await feed.stop();
  }
}

/** What the journal says after that place, as fast as the reader takes it; where it is then. */
async function send(
  { events }: ReadJournal,
  after: JobPlace | undefined,
  reader: Reader,
): Promise<JobPlace | undefined> {
  const rest = eventsAfter(events, after);
  for (let from = 0; from < rest.length && !reader.signal.aborted; from += PIECE_EVENTS) {
    reader.write(textOf(rest.slice(from, from + PIECE_EVENTS)));
    await reader.drained();
  }
  return rest.at(-1) ?? after;
}

/** Or will be: a cancel that needs no owner is told by who was asked, and by the journal. */
function isInJournal({ type, seq, to }: EventView): boolean {
  const ends = type === "job.finished" || (type === "job.state" && ENDS.includes(String(to)));
  return seq !== undefined || ends || type === "job.posted";
}

const ENDS: readonly string[] = ENDED;
