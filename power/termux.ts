import { execFile } from "node:child_process";
import type { Power } from "./power.js";

export interface TermuxOptions {
  /** Told once when the phone cannot be kept awake, and why. */
  readonly onRefused: (why: string) => void;
}

const COMMANDS = { awake: "termux-wake-lock", free: "termux-wake-unlock" } as const;
const LIMIT_MS = 10_000;

/**
 * Android, from within Termux: with its display off the processor all but stops, so that a job
 * crawls and its claim runs out. The lock costs battery: it is held while a job runs, no longer.
 */
export class TermuxPower implements Power {
  readonly #options: TermuxOptions;
  #wanted: keyof typeof COMMANDS = "free";
  #held: keyof typeof COMMANDS | undefined = "free";
  #work: Promise<void> = Promise.resolve();
  #isWorking = false;
  #refused = false;

  constructor(options: TermuxOptions) {
    this.#options = options;
  }

  /** Android says nothing before it dozes. An agent that was killed may have left the lock behind. */
  watch(): void {
    this.#held = undefined;
    this.busy(0);
  }

  busy(jobs: number): void {
    this.#wanted = jobs > 0 ? "awake" : "free";
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#work = this.#follow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.busy(0);
    await this.#work;
  }

  /** One command at a time: two at once might come in either order. */
  async #follow(): Promise<void> {
    while (this.#held !== this.#wanted) {
      const next = this.#wanted;
      const trouble = await run(COMMANDS[next]);
      this.#held = next;
      if (trouble === undefined || this.#refused) continue;
      this.#refused = true;
      this.#options.onRefused(trouble);
    }
    this.#isWorking = false;
  }
}

function run(command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, { timeout: LIMIT_MS }, (error) => resolve(error?.message));
  });
}
