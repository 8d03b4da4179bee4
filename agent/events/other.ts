import type { Member } from "../../cluster/membership.js";
import type { EventType, EventView } from "../../common/wire/events.js";
import { agentOf, type Vector } from "./cursor.js";
import type { Feed } from "./feed.js";
import { Ring, type RingEntry } from "./ring.js";
import { fetchMissed, followAgent, type UpstreamOptions } from "./upstream.js";

/** Who has said no more than this is young: all of it is news to those who follow already. */
const YOUNG_EVENTS = 500;

export interface OtherOptions extends Omit<UpstreamOptions, "url"> {
  readonly feed: Feed;
  /** Of this agent, and what it is called in cursors. */
  readonly name: string;
  readonly own: string;
  /** Whether readers follow already: what was said until now is not behind them, but missing. */
  late(): boolean;
  /** Whether this source is followed under another address. */
  known(source: string): boolean;
  /** Told of every event that comes from there. */
  heard(event: EventView): void;
}

/** An agent that others can ask. */
export type Reached = Member & { readonly url: string };

/** One other agent: what it says goes to its ring and to the feed, until the signal aborts. */
export class Other {
  /** Resolves once it has answered, or has not. */
  readonly settled: Promise<void>;
  /** Resolves when nothing of it is under way any more. */
  readonly done: Promise<void>;
  /** Its name in cursors, since it answered. */
  source: string | undefined;
  readonly #member: Reached;
  readonly #options: OtherOptions;
  readonly #stop = new AbortController();
  #connected = false;
  /** Why it does not answer. */
  #silent: string | undefined;
  /** It said so: its silence is no news. */
  #left = false;
  #recalled: Promise<void> = Promise.resolve();

  constructor(member: Reached, options: OtherOptions) {
    this.#member = member;
    this.#options = options;
    let settle: () => void = () => undefined;
    this.settled = new Promise<void>((resolve) => (settle = resolve));
    // Nobody waits for those of whom nothing was heard.
    if (this.#isAway()) settle();
    const told = {
      connected: (source: string, last: number) => this.#connect(source, last).finally(settle),
      event: (source: string, entry: RingEntry) => this.#event(source, entry),
      lost: (reason: string) => {
        settle();
        this.#lost(reason);
      },
    };
    const upstream = { ...options, url: member.url };
    this.done = followAgent(upstream, told, this.#stop.signal).finally(settle);
  }

  leave(): void {
    this.#stop.abort();
  }

  /** Set while it does not answer: how those are told who begin to follow. */
  unreachable(): EventView | undefined {
    return this.#silent === undefined ? undefined : this.#seen("agent.unreachable");
  }

  /** Asks it for what a reader misses; one after the other: what one asks for is there for all. */
  recall(since: Vector): Promise<void> {
    this.#recalled = this.#recalled.then(() => this.#recall(since));
    return this.#recalled;
  }

  async #recall(since: Vector): Promise<void> {
    const { source } = this;
    const ring = source === undefined ? undefined : this.#options.feed.ring(source);
    if (source === undefined || ring === undefined || !this.#connected) return;
    const [n, last] = [since.get(source) ?? 0, ring.first - 1];
    if (n < last) ring.extend(await this.#fetch(source, n, last));
  }

  async #connect(source: string, last: number): Promise<boolean> {
    const { feed, own, known, late } = this.#options;
    if (this.#stop.signal.aborted) return false;
    // Under its address in the settings an agent may be this very one, or known by its name.
    if (source === own || (this.source !== source && known(source))) return false;
    const isSame = this.source === source;
    this.source = source;
    for (const ring of feed.rings()) {
      const isSameName = agentOf(ring.source) === agentOf(source);
      // Two machines may have agents of one name: the other one is there.
      const isThere = ring.source === own || ring.source === source || known(ring.source);
      if (isSameName && !isThere) feed.reset(ring.source, "it was started again", true);
    }
    const ring = feed.ring(source);
    if (ring === undefined && !late()) feed.add(new Ring(source, last));
    else await this.#catchUp(ring ?? new Ring(source), last);
    if (this.#silent !== undefined && isSame) feed.announce(this.#seen("agent.reachable"));
    this.#connected = true;
    this.#silent = undefined;
    this.#left = false;
    return true;
  }

  /** It was away, or is new: what it did meanwhile comes first. */
  async #catchUp(ring: Ring, last: number): Promise<void> {
    const { feed } = this.#options;
    feed.add(ring);
    const { source, last: n } = ring;
    const isNews = n > 0 || last <= YOUNG_EVENTS;
    for (const entry of await this.#fetch(source, isNews ? n : last, last)) {
      this.#event(source, entry);
    }
    if (ring.last >= last) return;
    ring.skipTo(last);
    feed.reset(source, "it could not be asked for too long", false);
  }

  #fetch(source: string, n: number, last: number): Promise<readonly RingEntry[]> {
    const { url } = this.#member;
    return fetchMissed({ ...this.#options, url }, source, { n, last });
  }

  #event(source: string, entry: RingEntry): void {
    const { feed, heard } = this.#options;
    const ring = feed.ring(source);
    if (ring === undefined || entry.n <= ring.last) return;
    if (entry.n > ring.last + 1) {
      ring.skipTo(entry.n - 1);
      feed.reset(source, "it said more than it remembers", false);
    }
    ring.push(entry);
    feed.publish(entry);
    heard(entry.event);
    this.#left = entry.event.type === "agent.left";
  }

  #lost(reason: string): void {
    this.#connected = false;
    if (this.#left || (this.source === undefined && this.#isAway())) return;
    this.#silent = reason;
    this.#options.feed.announce(this.#seen("agent.unreachable"));
  }

  #isAway(): boolean {
    return this.#member.state === "gone" || this.#member.state === "asleep";
  }

  #seen(type: EventType): EventView {
    const { name, clock } = this.#options;
    return {
      ...{ type, at: new Date(clock.now()).toISOString(), observer: name },
      agent: this.source === undefined ? this.#member.name : agentOf(this.source),
      ...(this.#silent === undefined ? {} : { reason: this.#silent }),
    };
  }
}
