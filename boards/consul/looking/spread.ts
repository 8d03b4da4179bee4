import { crc32 } from "node:zlib";

/** For so long after a lost race others are taken to be at it too, milliseconds. */
const CROWDED_MS = 5_000;
/**
 * Among so many of the best the next is chosen, or among 32 for each agent when that is more.
 * Measured with 20 agents: with 8 for each they ask for twice as many lists, and take a fifth fewer
 * jobs.
 */
const CHOSEN_FROM = 64;
const CHOSEN_FROM_EACH = 32;
/** What is drawn of others' shares is out of date soon: so many at once are enough. */
const DRAWN = 8;
/** How long others' jobs are left to them at most, milliseconds. */
const LEFT_MS = 40;

interface Ranked {
  readonly id: string;
  readonly rank: string;
}

/**
 * Keeps agents from racing for the same job. While no race is lost the order is strict: best
 * priority, then oldest. After a lost one each agent takes its own share of the first. Whose share
 * a job is in may be busy or not able: so it begins with one drawn from those that are older, and
 * draws from all when nothing is left of its share. Measured with 20 agents: everybody after the
 * oldest loses 16 races for each job won, and a lost race costs the servers as much as a won one.
 */
export class Spread {
  /** Of the agents on this board, as far as is known, in the same order at all of them. */
  sessions: readonly string[] = [];
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #mine: () => string | undefined;
  #crowdedUntil = Number.NEGATIVE_INFINITY;

  /** `mine`: this agent's own session. */
  constructor(now: () => number, random: () => number, mine: () => string | undefined) {
    this.#now = now;
    this.#random = random;
    this.#mine = mine;
  }

  get crowded(): boolean {
    return this.#now() < this.#crowdedUntil;
  }

  /** A race was lost. */
  lost(): void {
    this.#crowdedUntil = this.#now() + CROWDED_MS;
  }

  /** How many of the best `order` looks at. */
  among(limit: number): number {
    return this.crowded ? Math.max(CHOSEN_FROM, CHOSEN_FROM_EACH * this.sessions.length) : limit;
  }

  /**
   * How long to wait before another look when the best of what waits is in others' shares, who have
   * heard of it at the same moment. Undefined when there is no reason to. Measured with 20 idle
   * agents that hear of one job: 1 to 2 of them ask for it, not 18, and it begins no later.
   */
  leaveMs(sorted: readonly Ranked[]): number | undefined {
    if (!this.crowded || sorted.length === 0 || this.#turn === -1) return undefined;
    if (this.#share(this.#first(sorted)).length > 0) return undefined;
    return LEFT_MS * (0.5 + this.#random() / 2);
  }

  /** The first `limit` of `sorted`, in the order in which to try them. */
  order<T extends Ranked>(sorted: readonly T[], limit: number): readonly T[] {
    if (!this.crowded) return sorted.slice(0, limit);
    const first = this.#first(sorted);
    const mine = this.#share(first);
    const [oldest] = mine;
    if (oldest === undefined) return this.#shuffled(first).slice(0, Math.min(limit, DRAWN));
    const older = this.#shuffled(first.slice(0, first.indexOf(oldest)));
    return [...older.slice(0, 1), ...mine].slice(0, limit);
  }

  /** Those of the best priority among which to choose. */
  #first<T extends Ranked>(sorted: readonly T[]): readonly T[] {
    return sorted.slice(0, this.among(0)).filter(({ rank }) => rank === sorted[0]?.rank);
  }

  /** Which of the agents this one is; -1 while that is not known. */
  get #turn(): number {
    return this.sessions.indexOf(this.#mine() ?? "");
  }

  #share<T extends Ranked>(items: readonly T[]): readonly T[] {
    const [turn, { length }] = [this.#turn, this.sessions];
    return items.filter(({ id }) => crc32(id) % length === turn);
  }

  #shuffled<T>(items: readonly T[]): readonly T[] {
    const drawn = [...items];
    for (let last = drawn.length - 1; last > 0; last -= 1) {
      const other = Math.floor(this.#random() * (last + 1));
      [drawn[last], drawn[other]] = [drawn[other] as T, drawn[last] as T];
    }
    return drawn;
  }
}
