import type { Logger } from "pino";
import type { Member, Membership } from "../../cluster/membership.js";
import type { Clock } from "../../common/clock.js";
import type { EventType, EventView } from "../../common/wire/events.js";
import type { Peer } from "../cluster/peer.js";
import type { Streams } from "../cluster/streams.js";
import { agentOf, type Vector } from "./cursor.js";
import type { Feed } from "./feed.js";
import { Ring, type RingEntry } from "./ring.js";
import { fetchMissed, followAgent } from "./upstream.js";

/*
 * The other agents' own feeds, one connection each, shared by all who follow the cluster's feed
 * here and open while somebody does. Who joins later, or was started again, is told from its first
 * event on; where that is not possible the feed says `reset`.
 */

/** How often the list of agents is read while somebody follows, ms. */
const MEMBERS_MS = 5_000;
/** The first reader waits so long for those that do not answer, ms. */
const SETTLE_MS = 1_500;
/** A reader that comes back soon finds everything as it was, ms. */
const LINGER_MS = 10_000;
/** Who has said no more than this is young: all of it is news to those who follow already. */
const YOUNG_EVENTS = 500;

export interface OthersOptions {
  readonly feed: Feed;
  readonly membership: Pick<Membership, "members">;
  readonly peer: Pick<Peer, "get">;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of this agent. */
  readonly name: string;
  /** Told of every event that comes from another agent. */
  heard(event: EventView): void;
}

interface Known {
  readonly member: Member;
  readonly stop: AbortController;
  /** Resolves once it has answered, or has not. */
  readonly settled: Promise<void>;
  source: string | undefined;
  connected: boolean;
  /** Why it does not answer. */
  silent: string | undefined;
  /** It said so: its silence is no news. */
  left: boolean;
  done: Promise<void>;
}

interface Opened {
  readonly stop: AbortController;
  readonly settled: Promise<void>;
  /** Who answers from now on was not there when the first reader came. */
  late: boolean;
}

export class Others {
  readonly #options: OthersOptions;
  readonly #known = new Map<string, Known>();
  #held = 0;
  #stopped = false;
  #open: Opened | undefined;
  #loop: Promise<void> = Promise.resolve();
  #linger = new AbortController();

  constructor(options: OthersOptions) {
    this.#options = options;
  }

  /** Opens the connections, or keeps them; resolves when all that answer have. */
  async hold(): Promise<void> {
    this.#held += 1;
    this.#linger.abort();
    if (this.#stopped) return;
    this.#open ??= this.#begin();
    await this.#open.settled;
  }

  /** As often as `hold`: nobody follows any more. */
  release(): void {
    this.#held -= 1;
    if (this.#held > 0) return;
    this.#linger = new AbortController();
    const { signal } = this.#linger;
    void this.#options.clock.sleep(LINGER_MS, signal).then(() => {
      if (!signal.aborted) void this.#close();
    });
  }

  /** For good: who begins to follow now is told of this agent alone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#linger.abort();
    await this.#close();
  }

  /** Asks the others for what a reader with this cursor misses and this agent does not remember. */
  async recall(since: Vector): Promise<void> {
    await Promise.all(
      [...this.#known.values()].map(async ({ member, source, connected }) => {
        const ring = source === undefined ? undefined : this.#options.feed.ring(source);
        if (source === undefined || ring === undefined || !connected) return;
        const n = since.get(source) ?? 0;
        if (n >= ring.first - 1) return;
        const last = ring.first - 1;
        ring.extend(await fetchMissed({ ...this.#options, ...member }, source, { n, last }));
      }),
    );
  }

  /** Those that do not answer now, for a reader that has just begun. */
  unreachable(): readonly EventView[] {
    return [...this.#known.values()]
      .filter(({ silent }) => silent !== undefined)
      .map((known) => this.#seen("agent.unreachable", known));
  }

  #begin(): Opened {
    const stop = new AbortController();
    const first = this.#look();
    const { clock } = this.#options;
    const settled = first
      .then(async () => {
        const over = new AbortController();
        const limit = clock.sleep(SETTLE_MS, AbortSignal.any([stop.signal, over.signal]));
        const all = Promise.all([...this.#known.values()].map((each) => each.settled));
        await Promise.race([all, limit]);
        over.abort();
      })
      .then(() => {
        open.late = true;
      });
    const open: Opened = { stop, settled, late: false };
    this.#loop = this.#run(first, stop.signal);
    return open;
  }

  async #run(first: Promise<void>, signal: AbortSignal): Promise<void> {
    await first;
    while (!signal.aborted) {
      await this.#options.clock.sleep(MEMBERS_MS, signal);
      if (!signal.aborted) await this.#look();
    }
  }

  async #close(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.stop.abort();
    const known = [...this.#known.values()];
    this.#known.clear();
    for (const { stop } of known) stop.abort();
    const { feed, name } = this.#options;
    for (const { source } of feed.rings()) if (agentOf(source) !== name) feed.forget(source);
    await this.#loop;
    await Promise.all(known.map(({ done }) => done));
  }

  /** Follows who is new, leaves who is not in the list any more. */
  async #look(): Promise<void> {
    const { membership, name, log } = this.#options;
    let members: readonly Member[];
    try {
      members = await membership.members();
    } catch (error) {
      log.debug({ err: error }, "the other agents are not known: their events are not followed");
      return;
    }
    const there = new Map(members.map((member) => [member.url, member]));
    for (const [url, known] of this.#known) {
      if (there.has(url)) continue;
      this.#known.delete(url);
      known.stop.abort();
    }
    for (const [url, member] of there) {
      if (member.name !== name && !this.#known.has(url)) this.#known.set(url, this.#follow(member));
    }
  }

  #follow(member: Member): Known {
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    // Nobody waits for those of whom nothing was heard.
    if (member.state === "gone" || member.state === "asleep") settle();
    const stop = new AbortController();
    const done = Promise.resolve();
    const known: Known = {
      ...{ member, stop, settled, done, connected: false },
      ...{ source: undefined, silent: undefined, left: false },
    };
    known.done = followAgent(
      { ...this.#options, url: member.url },
      {
        connected: async (source, last) => {
          const wanted = await this.#connected(known, source, last);
          settle();
          return wanted;
        },
        event: (source, entry) => {
          this.#event(source, entry);
          if (entry.event.type === "agent.left") known.left = true;
        },
        lost: (reason) => {
          settle();
          this.#lost(known, reason);
        },
      },
      stop.signal,
    ).finally(settle);
    return known;
  }

  async #connected(known: Known, source: string, last: number): Promise<boolean> {
    const { feed, name } = this.#options;
    const elsewhere = [...this.#known.values()].some(
      (other) => other !== known && other.source === source,
    );
    // Under its address in the settings an agent may be this very one, or known by its name.
    if (agentOf(source) === name || elsewhere) return false;
    const before = known.source;
    known.source = source;
    for (const ring of feed.rings()) {
      const isOld = ring.source !== source && agentOf(ring.source) === agentOf(source);
      if (isOld) feed.reset(ring.source, "it was started again", true);
    }
    const ring = feed.ring(source);
    if (ring === undefined && this.#open?.late !== true) feed.add(new Ring(source, last));
    else await this.#catchUp(known, ring ?? new Ring(source), last);
    if (known.silent !== undefined && before === source) this.#say("agent.reachable", known);
    Object.assign(known, { connected: true, silent: undefined, left: false });
    return true;
  }

  /** It was away, or is new: what it did meanwhile comes first. */
  async #catchUp({ member }: Known, ring: Ring, last: number): Promise<void> {
    const { feed } = this.#options;
    feed.add(ring);
    const { source, last: n } = ring;
    const isNews = n > 0 || last <= YOUNG_EVENTS;
    const from = { n: isNews ? n : last, last };
    for (const entry of await fetchMissed({ ...this.#options, ...member }, source, from)) {
      this.#event(source, entry);
    }
    if (ring.last >= last) return;
    ring.skipTo(last);
    feed.reset(source, "it could not be asked for too long", false);
  }

  #event(source: string, entry: RingEntry): void {
    const { feed } = this.#options;
    const ring = feed.ring(source);
    if (ring === undefined || entry.n <= ring.last) return;
    if (entry.n > ring.last + 1) {
      ring.skipTo(entry.n - 1);
      feed.reset(source, "it said more than it remembers", false);
    }
    ring.push(entry);
    feed.publish(entry);
    this.#options.heard(entry.event);
  }

  #lost(known: Known, reason: string): void {
    const { state } = known.member;
    known.connected = false;
    if (known.left || state === "gone" || state === "asleep") return;
    known.silent = reason;
    this.#say("agent.unreachable", known);
  }

  #say(type: EventType, known: Known): void {
    this.#options.feed.announce(this.#seen(type, known));
  }

  #seen(type: EventType, { member, source, silent }: Known): EventView {
    const { name, clock } = this.#options;
    return {
      ...{ type, at: new Date(clock.now()).toISOString(), observer: name },
      agent: source === undefined ? member.name : agentOf(source),
      ...(silent === undefined ? {} : { reason: silent }),
    };
  }
}
