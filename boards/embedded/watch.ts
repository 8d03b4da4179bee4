import { type FSWatcher, watch } from "node:fs";
import { TICK_MS, untilTick } from "../../common/time/tick.js";
import type { Database } from "../../sqlite/database.js";
import type { Statements } from "../../sqlite/statements.js";
import { changesOf } from "./schema.js";

/** How often other processes' commits are looked for after something was written, milliseconds. */
const LOOK_MS = 50;
/** So long: what is written first is committed once the disk says so, milliseconds. */
const ACTIVE_MS = 1_000;

/**
 * Tells waiting agents that the board has changed. This process's commits are heard of at once;
 * those of others by asking SQLite's `data_version`, 30 us a time, and only while somebody waits.
 * Where the system tells that the file's log was written to, it is asked then, and else at ticks
 * only, so that an idle agent lets its machine rest. Persistence commits to the same file all the
 * time: the board's own count says whether it concerns the board.
 */
export class Watch {
  readonly #database: Database;
  readonly #waiting = new Set<() => void>();
  #log: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #activeUntil = 0;
  #stopListening: (() => void) | undefined;
  #dataVersion = -1;
  #seen: number;

  /** `seen`: the board's count of changes when it was opened. */
  constructor(database: Database, seen: number) {
    this.#database = database;
    this.#seen = seen;
    this.#log = this.#watchLog();
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
    this.#log?.close();
    for (const wake of [...this.#waiting]) wake();
  }

  #start(): void {
    if (this.#timer !== undefined) return;
    this.#stopListening = this.#database.onCommit(() => this.#compare());
    this.#lookAgain();
  }

  #pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stopListening?.();
  }

  #lookAgain(): void {
    const now = monotonic();
    const isQuiet = this.#log !== undefined && now >= this.#activeUntil;
    const look = (): void => {
      this.#lookAgain();
      this.#look();
    };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(look, isQuiet ? untilTick(TICK_MS, now) : LOOK_MS).unref();
  }

  /** Undefined where the system tells of no writes: it is known of Linux and Android. */
  #watchLog(): FSWatcher | undefined {
    if (process.platform !== "linux" && process.platform !== "android") return undefined;
    try {
      const log = watch(`${this.#database.path}-wal`, (event) => {
        // Another file has its name now, as after a restored backup.
        if (event === "rename") this.#unwatch(log);
        this.#written();
      });
      log.on("error", () => this.#unwatch(log));
      return log.unref();
    } catch {
      return undefined; // A database in memory; or as many files are watched as the system allows.
    }
  }

  #unwatch(log: FSWatcher): void {
    log.close();
    this.#log = undefined;
  }

  #written(): void {
    const now = monotonic();
    const wasQuiet = now >= this.#activeUntil;
    this.#activeUntil = now + ACTIVE_MS;
    if (this.#timer === undefined || !wasQuiet) return;
    this.#lookAgain();
    this.#look();
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

/** The clock whose ticks the agent goes by. */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
