import { atMost } from "../../capabilities/at-most.js";
import type { Clock } from "../../common/clock.js";
import type { Matcher } from "./match.js";

/** How long a look waits for answers that are not at hand, ms: the jobs that fit wait as long. */
const BUDGET_MS = 100;
/** Signatures judged at the same time: from what is at hand, and of those that take a while. */
const AT_HAND_MAX = 16;
const SLOW_MAX = 4;
const AGAIN_MAX = 2;
/** Those that did not fit are asked anew for so long, ms, and then not for as long. */
const AGAIN_MS = 1_000;
/** How long an answer counts that came when no look waited for it, ms. */
const HOLDS_MS = 2_000;

export interface JudgingOptions {
  readonly matcher: Pick<Matcher, "match" | "atHand">;
  readonly clock: Clock;
  /** Some signature fits, and no look waits for it: time for another. */
  found(): void;
}

/**
 * Which of the waiting signatures this agent is able to run. What takes a while to be found out is
 * asked in the background, so that it delays the jobs that ask for it and no others; those that did
 * not fit the last time are asked again for about half of the time.
 */
export class Judging {
  readonly #options: JudgingOptions;
  /** The last answer to each, and when (monotonic, ms). */
  readonly #judged = new Map<string, { readonly able: boolean; readonly at: number }>();
  /** About to be asked, or asked. */
  readonly #open = new Set<string>();
  readonly #atHand = atMost(AT_HAND_MAX);
  readonly #slow = atMost(SLOW_MAX);
  readonly #again = atMost(AGAIN_MAX);
  #current: ReadonlySet<string> = new Set();
  #looking = false;
  /** When asking again ends, and when it may begin; monotonic, ms. */
  #window = { ends: 0, next: 0 };

  constructor(options: JudgingOptions) {
    this.#options = options;
  }

  /** Every signature of the last look has been judged; none is still being asked for the first time. */
  get settled(): boolean {
    return [...this.#current].every((each) => this.#judged.has(each));
  }

  /** Those that fit, as far as that is known soon. Never rejects. */
  async able(signatures: readonly string[]): Promise<readonly string[]> {
    const { clock } = this.#options;
    this.#current = new Set(signatures);
    for (const known of this.#judged.keys()) {
      if (!this.#current.has(known)) this.#judged.delete(known);
    }
    this.#looking = true;
    const done = new AbortController();
    const judged = Promise.all(this.#byAge(signatures).map((each) => this.#judge(each)));
    await Promise.race([judged, clock.sleep(BUDGET_MS, done.signal)]);
    done.abort();
    this.#looking = false;
    return signatures.filter((each) => this.#take(each));
  }

  /** Asks nothing more; what is being asked is left to itself. */
  stop(): void {
    this.#current = new Set();
  }

  /** New ones first, then those asked longest ago, so that each comes to its turn. */
  #byAge(signatures: readonly string[]): readonly string[] {
    const ageOf = (each: string): number => this.#judged.get(each)?.at ?? 0;
    return [...signatures].sort((a, b) => ageOf(a) - ageOf(b));
  }

  /** Resolves when it is judged, or does not have to be waited for. */
  async #judge(signature: string): Promise<void> {
    if (this.#open.has(signature) || this.#judged.get(signature)?.able === true) return;
    const match = await this.#atHand(() => this.#options.matcher.atHand(signature));
    if (match !== undefined) this.#tell(signature, match.able);
    else if (!this.#judged.has(signature)) await this.#ask(signature, this.#slow);
    else void this.#askAgain(signature);
  }

  #askAgain(signature: string): Promise<void> {
    const now = this.#options.clock.monotonic();
    if (now >= this.#window.next) this.#window = { ends: now + AGAIN_MS, next: now + 2 * AGAIN_MS };
    return this.#ask(signature, this.#again, this.#window.ends);
  }

  async #ask(signature: string, turn: ReturnType<typeof atMost>, ends = Infinity): Promise<void> {
    const { matcher, clock } = this.#options;
    if (this.#open.has(signature)) return;
    this.#open.add(signature);
    await turn(async () => {
      if (!this.#current.has(signature) || clock.monotonic() >= ends) return;
      this.#tell(signature, (await matcher.match(signature)).able);
    });
    this.#open.delete(signature);
  }

  #tell(signature: string, able: boolean): void {
    this.#judged.set(signature, { able, at: this.#options.clock.monotonic() });
    if (able && !this.#looking) this.#options.found();
  }

  /** An answer counts once: the next look asks anew, and may be told what is remembered. */
  #take(signature: string): boolean {
    const judged = this.#judged.get(signature);
    if (judged?.able !== true) return false;
    this.#judged.delete(signature);
    return this.#options.clock.monotonic() - judged.at <= HOLDS_MS;
  }
}
