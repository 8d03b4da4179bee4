import type { Logger } from "pino";
import type { Membership } from "../../cluster/membership.js";
import type { Clock } from "../../common/clock.js";
import type { EventView, EventsView } from "../../common/wire/events.js";
import type { Persistence } from "../../persistence/persistence.js";
import type { Config } from "../../config/config.js";
import type { AgentIdentity } from "../identity.js";
import { createPeer } from "../cluster/peer.js";
import { createStreams } from "../cluster/streams.js";
import { formatPlace, sourceOf } from "./cursor.js";
import { Feed, type Joining } from "./feed.js";
import { eventText, type Reader } from "./follower.js";
import { JobFeeds } from "./job-feeds.js";
import { Others } from "./others.js";
import { Ring } from "./ring.js";
import { type Tell, type Told, toJson } from "./telling/told.js";

/*
 * What happens, for people and programs that follow it.
 *
 *   parts of this agent --tell--> its ring -+-> its own feed (scope=self) --> other agents
 *                                           +-> the cluster's feed --> readers
 *   other agents' own feeds --> their rings -/         \--wakes--> feeds of jobs (their journals)
 *
 * Nothing here is the truth about a job: its journal is. Who needs no gap follows the job, or loads
 * its lists again when the feed says `reset`.
 */

export interface EventsOptions {
  readonly identity: Pick<AgentIdentity, "agent" | "machine" | "incarnation">;
  readonly membership: Pick<Membership, "members">;
  readonly persistence: Pick<Persistence, "job" | "load" | "ownerships" | "matchIds">;
  readonly config: Pick<Config, "ca">;
  readonly clock: Clock;
  readonly log: Logger;
  /** What agents ask each other with: the one in force. */
  token(): string | undefined;
  /** The database's clock as well as this agent knows it, ms since 1970. */
  databaseNow(): number;
}

export interface Following extends Joining {
  /** Whose events: of this agent alone, or of all. */
  readonly scope: "self" | "cluster";
}

export class Events implements AsyncDisposable {
  readonly tell: Tell = (told) => this.#tell(told);
  readonly jobs: JobFeeds;
  readonly #options: EventsOptions;
  readonly #ring: Ring;
  readonly #self: Feed;
  readonly #cluster: Feed;
  readonly #others: Others;

  constructor(options: EventsOptions) {
    const { identity, config } = options;
    this.#options = options;
    this.#ring = new Ring(sourceOf(identity.agent, identity.incarnation));
    this.#self = new Feed(this.#ring);
    this.#cluster = new Feed(this.#ring);
    const trust = () => ({ ca: config.ca, token: options.token() });
    const heard = (event: EventView): void => this.jobs.note(event);
    this.#others = new Others({
      ...{ ...options, feed: this.#cluster, heard },
      ...{ name: identity.agent, machine: identity.machine, own: this.#ring.source },
      ...{ peer: createPeer(trust), streams: createStreams(trust) },
    });
    this.jobs = new JobFeeds({
      ...options,
      hold: () => this.#others.hold(),
      release: () => this.#others.release(),
    });
  }

  /** How many follow a feed here; those of jobs not among them. */
  get followers(): number {
    return this.#self.size + this.#cluster.size;
  }

  /** Sends events, from where the reader was or from now on, until it is gone. */
  async follow({ scope, ...joining }: Following, reader: Reader): Promise<void> {
    if (scope === "self") return this.#self.join(joining, reader);
    const { since, filter } = joining;
    try {
      await this.#others.hold();
      if (since !== undefined) await this.#others.recall(since);
      for (const event of this.#others.unreachable()) {
        if (filter?.(event) !== false) reader.write(eventText(event.type, JSON.stringify(event)));
      }
      await this.#cluster.join(joining, reader);
    } finally {
      this.#others.release();
    }
  }

  /** What this agent remembers of itself; without a place the newest. */
  page({ since, filter }: Joining, limit: number): EventsView {
    const { source, first, last } = this.#ring;
    const n = since?.get(source) ?? 0;
    const entries = this.#ring.after(n).filter(({ event }) => filter?.(event) ?? true);
    const shown = since === undefined ? entries.slice(-limit) : entries.slice(0, limit);
    const end = shown.at(-1) === entries.at(-1) ? last : (shown.at(-1)?.n ?? last);
    const reset = since !== undefined && (n < first - 1 || n > last);
    return {
      items: shown.map(({ n: at, event }) => ({ ...event, cursor: formatPlace(source, at) })),
      nextCursor: formatPlace(source, end),
      ...(reset ? { reset } : {}),
    };
  }

  /** Says that the agent has left, and what waits; who follows is sent nothing more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.tell({ type: "agent.left" });
    this.#self.flush();
    this.#cluster.flush();
    // A turn for what was written to leave: then the server closes, and waits for nobody.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([this.jobs.stop(), this.#others.stop()]);
  }

  #tell({ type, at, ...fields }: Told): void {
    const { identity, databaseNow } = this.#options;
    const time = at ?? new Date(databaseNow()).toISOString();
    const entry = {
      n: this.#ring.last + 1,
      ...toJson({ type, at: time, agent: identity.agent, ...fields }),
    };
    this.#ring.push(entry);
    this.#self.publish(entry);
    this.#cluster.publish(entry);
    this.jobs.note(entry.event);
  }
}
