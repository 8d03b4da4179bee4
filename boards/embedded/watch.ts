import type { Database } from "../../sqlite/database.js";
import type { Statements } from "../../sqlite/statements.js";
import { changesOf } from "./schema.js";

/** How often other processes' commits are looked for while somebody waits, milliseconds. */
const LOOK_MS = 50;

/**
 * Tells waiting agents that the board has changed. This process's commits are heard of at once;
 * those of others by asking SQLite's `data_version`, 30 us a time, and only while somebody waits.
 * Persistence commits to the same file all the time: the board's own count says whether it concerns
 * the board.
 */
export class Watch {
  readonly #database: Database;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  #dataVersion = -1;
  #seen: number;

  /** `seen`: the board's count of changes when it was opened. */
  constructor(database: Database, seen: number) {
    this.#database = database;
    this.#seen = seen;
  }

  /**
   * Resolves at the next change after the last one that was told, so that none is lost between a
   * survey and this; or when the signal aborts.
   */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        if (this.#waiting.size === 0) this.#pause();
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      this.#waiting.add(wake);
      this.#start();
      this.#look();
    });
  }

  stop(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #start(): void {
    if (this.#timer !== undefined) return;
    this.#stopListening = this.#database.onCommit(() => this.#compare());
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  #pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stopListening?.();
  }

  #look(): void {
    const version = this.#database.glance(dataVersionOf);
    if (version === undefined || version === this.#dataVersion) return;
    this.#dataVersion = version;
    this.#compare();
  }

  #compare(): void {
    const changes = this.#database.glance(changesOf);
    if (changes === undefined || changes === this.#seen) return;
    this.#seen = changes;
    for (const wake of [...this.#waiting]) wake();
  }
}

/** Differs from the last answer when another connection has committed since. */
function dataVersionOf(sql: Statements): number {
  return Number(sql.get("PRAGMA data_version")?.data_version ?? 0);
}
