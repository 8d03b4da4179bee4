import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Inhibitor } from "./inhibitor.js";
import type { Power, PowerWatcher } from "./power.js";

export interface LogindOptions {
  /** Told once when there is no logind here, and why nothing is noticed beforehand. */
  readonly onAbsent: (why: string) => void;
  /** Told when sleep cannot be held up. */
  readonly onRefused: (why: string) => void;
  /** Before logind is listened to again after its bus went away, milliseconds. */
  readonly againMs?: number;
}

const LOGIND = "org.freedesktop.login1";
const AGAIN_MS = 5_000;

/**
 * `gdbus` comes with every desktop, and asks for no rights. It reads no input, so that it would
 * outlive an agent that was killed: the shell ends it when its own input, which the agent holds,
 * is closed. Nothing but gdbus keeps the output open.
 */
const MONITOR = `
  exec 3>&1 >/dev/null
  gdbus monitor --system --dest ${LOGIND} --object-path /org/freedesktop/login1 >&3 3>&- &
  exec 3>&-
  cat
  kill $!
`;
const OWNER = /^The name \S+ (is owned|does not have an owner)/;
const SIGNAL = /\.PrepareForSleep \((true|false),\)$/;

/** systemd-logind, over the system's D-Bus by programs that come with it: no library is needed. */
export class Logind implements Power {
  readonly #options: Required<LogindOptions>;
  readonly #stop = new AbortController();
  readonly #inhibitor: Inhibitor;
  #loop: Promise<void> | undefined;
  #sleeps = false;

  constructor(options: LogindOptions) {
    this.#options = { againMs: AGAIN_MS, ...options };
    this.#inhibitor = new Inhibitor(options.onRefused);
  }

  watch(watcher: PowerWatcher): void {
    this.#loop ??= this.#run(watcher);
  }

  /** A laptop sleeps when its owner wants, whatever runs: that goes on elsewhere. */
  busy(): void {
    // Nothing to do.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#inhibitor.release();
  }

  async #run(watcher: PowerWatcher): Promise<void> {
    const { againMs, onAbsent } = this.#options;
    const { signal } = this.#stop;
    let known = false;
    while (!signal.aborted) {
      const found = await this.#listen(watcher);
      known ||= found;
      if (!known && !signal.aborted) return onAbsent("no systemd-logind answers on this machine");
      await sleep(againMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Until the bus goes away, logind is not there, or the agent leaves; tells whether it was there. */
  async #listen(watcher: PowerWatcher): Promise<boolean> {
    // A group of its own: Ctrl-C in a terminal is for the agent, which may still have to hand over.
    const child = spawn("/bin/sh", ["-c", MONITOR], {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    });
    const gone = once(child, "close").catch(() => undefined); // There is no shell.
    const end = (): void => void child.stdin.end();
    child.stdin.on("error", () => undefined); // It has ended by itself.
    this.#stop.signal.addEventListener("abort", end, { once: true });
    if (this.#stop.signal.aborted) end();
    let found = false;
    for await (const line of createInterface({ input: child.stdout })) {
      const owner = OWNER.exec(line)?.[1];
      found ||= owner === "is owned";
      if (owner === "is owned") this.#inhibitor.take();
      else if (owner !== undefined && !found) break;
      const said = SIGNAL.exec(line)?.[1];
      if (said !== undefined) this.#hear(said === "true", watcher);
    }
    this.#stop.signal.removeEventListener("abort", end);
    end();
    await gone;
    return found;
  }

  #hear(sleeps: boolean, watcher: PowerWatcher): void {
    this.#sleeps = sleeps;
    if (sleeps) {
      // It may have woken meanwhile: the lock is for the next time then.
      void watcher.sleeps().then(() => (this.#sleeps ? this.#inhibitor.release() : undefined));
    } else {
      this.#inhibitor.take();
      watcher.wakes();
    }
  }
}
