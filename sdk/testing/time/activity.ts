/** A body that runs: awake, or waiting for the clock. */
interface Work {
  readonly name: string;
  asleep: number;
}

/** Turns of the event loop after which what only needed the processor has happened. */
const TURNS = 3;

/** Who does something now: the clock may go on only when nobody does. */
export class Activity {
  readonly #works = new Set<Work>();
  #own = 0;
  #beats = 0;
  #disturb: (() => void) | undefined;

  /** Something happened. */
  beat(): void {
    this.#beats += 1;
    this.#disturb?.();
  }

  /** Storing and loading: never a reason for the clock to go on. */
  async storing<T>(work: () => Promise<T>): Promise<T> {
    this.#own += 1;
    try {
      return await work();
    } finally {
      this.#own -= 1;
      this.beat();
    }
  }

  /** The author's code; `work` gets a function to wait for the clock with. */
  async working<T>(
    name: string,
    work: (asleep: (wait: Promise<void>) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const mine: Work = { name, asleep: 0 };
    this.#works.add(mine);
    this.beat();
    try {
      return await work(async (wait) => {
        mine.asleep += 1;
        this.beat();
        await wait;
        mine.asleep -= 1;
        this.beat();
      });
    } finally {
      this.#works.delete(mine);
      this.beat();
    }
  }

  /** Names of the bodies that wait for something that the clock does not know of. */
  get awake(): readonly string[] {
    return [...this.#works].flatMap(({ name, asleep }) => (asleep === 0 ? [name] : []));
  }

  /** True when something happens, or is under way, within a few turns of the event loop. */
  async moves(): Promise<boolean> {
    const before = this.#beats;
    for (let turn = 0; turn < TURNS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#own > 0 || this.#beats !== before;
  }

  /** True when nothing happened for so long in real time; false as soon as something does. */
  quietFor(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (quiet: boolean): void => {
        clearTimeout(timer);
        this.#disturb = undefined;
        resolve(quiet);
      };
      const timer = setTimeout(() => end(true), ms);
      this.#disturb = () => end(false);
    });
  }
}
