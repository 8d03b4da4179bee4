import type { Clock } from "../../common/clock.js";
import { hasCode } from "../../common/error.js";
import { isEnded, type JobState } from "../../common/job.js";
import type { LogCursor } from "../../common/log.js";
import type { StoredChunk } from "../../persistence/persistence.js";
import { isBehind } from "./cursor.js";
import { CHUNKS_PER_READ, type Reading } from "./reading.js";

/** Between two looks at a job that runs elsewhere, ms; the longest while persistence is away. */
const LOOK_MS = 400;
const LOOK_MS_MAX = 3_200;
/** Lines kept for followers that are a little behind, characters. */
const RECENT_CHARACTERS = 512 * 1024;

export interface FeedOptions {
  readonly persistence: Reading;
  readonly clock: Clock;
}

/** How a feed is over: the job's end, or `gone` with its job. */
export type FeedEnd = JobState | "gone";

/** The new lines of one job, looked for once for all who follow it. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #job: string;
  /** `#recent` has every chunk behind this place. */
  #base: LogCursor;
  #latest: LogCursor;
  #recent: StoredChunk[] = [];
  #characters = 0;
  #over: FeedEnd | undefined;
  #failure: unknown;
  #stopped = false;
  #woken = new AbortController();
  readonly #listeners = new Set<() => void>();
  #changes = 0;
  #pauseMs = LOOK_MS;

  /** `from`: the place behind which the first follower reads. */
  constructor(options: FeedOptions, job: string, from: LogCursor) {
    this.#options = options;
    this.#job = job;
    this.#base = from;
    this.#latest = from;
    void this.#run();
  }

  /** How often something changed; to be taken before looking. */
  get changes(): number {
    return this.#changes;
  }

  /** Resolves when more has changed than `seen`, or the signal aborts. */
  changed(seen: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#changes !== seen || signal.aborted) return resolve();
      const done = (): void => {
        this.#listeners.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#listeners.add(done);
      signal.addEventListener("abort", done);
    });
  }

  /** Set once every line was told. */
  get over(): FeedEnd | undefined {
    return this.#over;
  }

  /** What is behind a place, as far as it is known here; undefined when that is too far back. */
  behind(cursor: LogCursor): readonly StoredChunk[] | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (isBehind(this.#base, cursor)) return undefined;
    return this.#recent.filter((chunk) => isBehind(chunk, cursor));
  }

  /** Looks now: there is something new, or the job is over. */
  wake(): void {
    this.#woken.abort();
  }

  stop(): void {
    this.#stopped = true;
    this.#woken.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopped && this.#over === undefined && this.#failure === undefined) {
      this.#woken = new AbortController();
      const isMore = await this.#look();
      if (!isMore && !this.#stopped && this.#over === undefined) {
        await this.#options.clock.sleep(this.#pauseMs, this.#woken.signal);
      }
    }
  }

  /** Whether there may be more at once. */
  async #look(): Promise<boolean> {
    try {
      const range = { after: this.#latest, limit: CHUNKS_PER_READ };
      const page = await this.#options.persistence.logs(this.#job, range);
      this.#pauseMs = LOOK_MS;
      if (page === undefined) this.#over = "gone";
      else if (page.chunks.length > 0) this.#keep(page.chunks);
      else if (isEnded(page.state)) this.#over = page.state;
      else return false;
      this.#tell();
      return true;
    } catch (error) {
      if (!hasCode(error, "PERSISTENCE_DOWN")) {
        this.#failure = error;
        this.#tell();
      }
      this.#pauseMs = Math.min(this.#pauseMs * 2, LOOK_MS_MAX);
      return false;
    }
  }

  #keep(chunks: readonly StoredChunk[]): void {
    this.#latest = chunks.at(-1) ?? this.#latest;
    this.#recent.push(...chunks);
    this.#characters += chunks.reduce((sum, chunk) => sum + charactersOf(chunk), 0);
    while (this.#characters > RECENT_CHARACTERS) {
      const oldest = this.#recent.shift();
      if (oldest === undefined) return;
      this.#base = oldest;
      this.#characters -= charactersOf(oldest);
    }
  }

  #tell(): void {
    this.#changes += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}

function charactersOf({ lines }: StoredChunk): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0);
}
