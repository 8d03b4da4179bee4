import { crc32 } from "node:zlib";

/** For so long after a lost race others are taken to be at it too, milliseconds. */
const CROWDED_MS = 5_000;
/**
 * Among so many of the best the next is chosen, or among 32 for each agent when that is more: a job
 * waits for a bounded number of later ones. Measured with 20 agents: with 8 for each they ask for
 * twice as many lists, and take a fifth fewer jobs.
 */
const CHOSEN_FROM = 64;
const CHOSEN_FROM_EACH = 32;
/** What is drawn of others' shares is out of date soon: so many at once are enough. */
const DRAWN = 8;

interface Ranked {
  readonly id: string;
  readonly rank: string;
}

/**
 * Keeps agents from racing for the same job. While no race is lost the order is strict: best
 * priority, then oldest. After a lost one each agent takes its own share of the first, and draws
 * from the others' when nothing is left of it: they may be busy, or not able. Measured with 20
 * agents: everybody after the oldest loses 16 races for each job won, and a lost race costs the
 * servers as much as a won one.
 */
export class Spread {
  /** Agents on this board, as far as is known. */
  agents = 1;
  /** Which of them this one is, from 0. */
  turn = 0;
  readonly #now: () => number;
  readonly #random: () => number;
  #crowdedUntil = Number.NEGATIVE_INFINITY;

  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.#random = random;
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
    return this.crowded ? Math.max(CHOSEN_FROM, CHOSEN_FROM_EACH * this.agents) : limit;
  }

  /** The first `limit` of `sorted`, in the order in which to try them. */
  order<T extends Ranked>(sorted: readonly T[], limit: number): readonly T[] {
    const best = sorted.slice(0, this.among(limit));
    if (!this.crowded) return best;
    const first = best.filter(({ rank }) => rank === best[0]?.rank);
    const mine = first.filter((item) => this.#isMine(item));
    if (mine.length > 0) return mine.slice(0, limit);
    return this.#shuffled(first).slice(0, Math.min(limit, DRAWN));
  }

  #isMine({ id }: Ranked): boolean {
    return crc32(id) % this.agents === this.turn;
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
