import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Holds up sleep for as long as logind allows (InhibitDelayMaxSec, 5 s by default): a child process
 * keeps the lock until its input is closed, also when the agent that has the other end is killed.
 */
export class Inhibitor {
  readonly #onRefused: (why: string) => void;
  #held: { readonly child: ChildProcess; readonly gone: Promise<unknown> } | undefined;

  constructor(onRefused: (why: string) => void) {
    this.#onRefused = onRefused;
  }

  /** Does nothing while it is held. */
  take(): void {
    if (this.#held !== undefined) return;
    const [who, why] = ["--who=jobrunner", "--why=hands its jobs over"];
    const words = ["--what=sleep", "--mode=delay", who, why, "cat"];
    const child = spawn("systemd-inhibit", words, {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    child.stdin.on("error", () => undefined); // It has ended by itself.
    const gone = once(child, "exit").catch(() => undefined); // There is no such program.
    const held = { child, gone };
    this.#held = held;
    void gone.then(() => {
      if (this.#held !== held) return;
      this.#held = undefined;
      this.#onRefused(`systemd-inhibit ended with ${String(child.exitCode ?? child.signalCode)}`);
    });
  }

  /** Resolves when the machine may sleep. */
  async release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    held?.child.stdin?.end();
    await held?.gone;
  }
}
