import type { Logger } from "pino";
import type { Member, Membership } from "../../cluster/membership.js";
import type { EventView } from "../../common/wire/events.js";
import { agentOf, type Vector } from "./cursor.js";
import { Other, type OtherOptions, type Reached } from "./other.js";

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

export interface OthersOptions extends Omit<OtherOptions, "late" | "known"> {
  readonly membership: Pick<Membership, "members">;
  readonly log: Logger;
  /** Of this agent; others may have its name. */
  readonly machine: string;
}

interface Opened {
  readonly stop: AbortController;
  readonly settled: Promise<void>;
  /** Who answers from now on was not there when the first reader came. */
  late: boolean;
}

export class Others {
  readonly #options: OthersOptions;
  /** By address. */
  readonly #others = new Map<string, Other>();
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
    if (this.#held > 0 || this.#stopped) return; // A timer would keep the process for so long.
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
    await Promise.all(this.#all().map((other) => other.recall(since)));
  }

  /** Those that do not answer now, for a reader that has just begun. */
  unreachable(): readonly EventView[] {
    return this.#all().flatMap((other) => other.unreachable() ?? []);
  }

  #isSelf({ name, machine = this.#options.machine }: Member): boolean {
    return name === this.#options.name && machine === this.#options.machine;
  }

  #all(): readonly Other[] {
    return [...this.#others.values()];
  }

  #begin(): Opened {
    const stop = new AbortController();
    const first = this.#look(stop.signal);
    const settled = first.then(async () => {
      await this.#settle(stop.signal);
      open.late = true;
    });
    const open: Opened = { stop, settled, late: false };
    this.#loop = this.#run(first, stop.signal);
    return open;
  }

  async #settle(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const limit = this.#options.clock.sleep(SETTLE_MS, AbortSignal.any([signal, over.signal]));
    await Promise.race([Promise.all(this.#all().map(({ settled }) => settled)), limit]);
    over.abort();
  }

  async #run(first: Promise<void>, signal: AbortSignal): Promise<void> {
    await first;
    while (!signal.aborted) {
      await this.#options.clock.sleep(MEMBERS_MS, signal);
      if (!signal.aborted) await this.#look(signal);
    }
  }

  async #close(): Promise<void> {
    if (this.#open === undefined) return;
    this.#open.stop.abort();
    this.#open = undefined;
    const all = this.#all();
    this.#others.clear();
    for (const other of all) other.leave();
    const { feed, own } = this.#options;
    for (const { source } of feed.rings()) if (source !== own) feed.forget(source);
    await this.#loop;
    await Promise.all(all.map(({ done }) => done));
  }

  /** Follows who is new, leaves who is not in the list any more. */
  async #look(signal: AbortSignal): Promise<void> {
    const { membership, log } = this.#options;
    let members: readonly Member[];
    try {
      members = await membership.members();
    } catch (error) {
      log.debug({ err: error }, "the other agents are not known: their events are not followed");
      return;
    }
    if (signal.aborted) return;
    const reached = members.filter((member): member is Reached => member.url !== undefined);
    const there = new Map(reached.map((member) => [member.url, member]));
    for (const [url, other] of this.#others) {
      if (there.has(url)) continue;
      this.#others.delete(url);
      other.leave();
    }
    for (const [url, member] of there) {
      if (this.#isSelf(member) || this.#others.has(url)) continue;
      const late = (): boolean => this.#open?.late === true;
      const known = (source: string): boolean => this.#all().some((each) => each.source === source);
      this.#others.set(url, new Other(member, { ...this.#options, late, known }));
    }
    this.#forgetAllBut(new Set(members.map(({ name }) => name)));
  }

  /**
   * Who is in the list no more is in no cursor either: in a cluster whose agents come and go these
   * would grow until nobody takes them. One that has another address only is still there.
   */
  #forgetAllBut(names: ReadonlySet<string>): void {
    const { feed, own } = this.#options;
    const followed = new Set(this.#all().map(({ source }) => source));
    for (const ring of feed.rings()) {
      const { source, last } = ring;
      if (source === own || followed.has(source) || names.has(agentOf(source))) continue;
      const hasLeft = ring.after(last - 1)[0]?.event.type === "agent.left";
      if (hasLeft) feed.left(source);
      else feed.reset(source, "it is in the list of agents no more", true);
    }
  }
}
