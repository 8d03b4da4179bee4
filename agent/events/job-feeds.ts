import type { EventView, EventsView } from "../../common/wire/events.js";
import { noSuchJob } from "../jobs/resolve.js";
import { formatJobPlace, type JobPlace } from "./cursor.js";
import { eventText, type Sink } from "./follower.js";
import { eventsAfter, JobFeed, type JobFeedOptions, readJournal, textOf } from "./job-feed.js";
import { toJson } from "./told.js";

export interface JobFeedsOptions extends JobFeedOptions {
  /** Hears from the other agents what they write, until it is released. */
  hold(): Promise<void>;
  release(): void;
}

/** The journals that somebody follows here. */
export class JobFeeds {
  readonly #options: JobFeedsOptions;
  readonly #feeds = new Map<string, JobFeed>();

  constructor(options: JobFeedsOptions) {
    this.#options = options;
  }

  /** Throws NOT_FOUND. `id` is whole. */
  async page(id: string, after: JobPlace | undefined, limit: number): Promise<EventsView> {
    const journal = await readJournal(this.#options, id);
    if (journal === undefined) throw noSuchJob(id);
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
   * the job is over and its end was sent, or when the signal aborts. Throws NOT_FOUND.
   */
  async follow(
    { id, after }: { readonly id: string; readonly after: JobPlace | undefined },
    sink: Sink,
    signal: AbortSignal,
  ): Promise<void> {
    void this.#options.hold();
    try {
      for (;;) {
        const journal = await readJournal(this.#options, id);
        if (journal === undefined) throw noSuchJob(id);
        if (signal.aborted) return;
        const { reader, events } = journal;
        const feed = this.#feeds.get(id) ?? this.#open(id, new JobFeed(id, reader, this.#options));
        if (feed.seq > reader.seq) continue; // Others were sent more while this one read.
        sink(textOf(eventsAfter(events, after)));
        return await this.#joined(id, feed, { seq: reader.seq, sink, signal });
      }
    } finally {
      this.#options.release();
    }
  }

  /** Something happened, here or elsewhere: those who follow that job hear of it at once. */
  note(event: EventView): void {
    const feed = event.job === undefined ? undefined : this.#feeds.get(event.job);
    if (feed === undefined) return;
    if (event.type === "atom.progress") feed.pass(eventText(event.type, toJson(event).json));
    else feed.wake(event.seq ?? Infinity);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map((feed) => feed.stop()));
  }

  #open(id: string, feed: JobFeed): JobFeed {
    this.#feeds.set(id, feed);
    feed.start();
    return feed;
  }

  async #joined(
    id: string,
    feed: JobFeed,
    { seq, sink, signal }: { seq: number; sink: Sink; signal: AbortSignal },
  ): Promise<void> {
    let leave: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      leave = feed.join(seq, sink, resolve);
      if (signal.aborted) resolve();
    });
    leave();
    if (feed.size > 0) return;
    if (this.#feeds.get(id) === feed) this.#feeds.delete(id);
    await feed.stop();
  }
}
