import type { AbortDeadline } from "../deadline.js";
import { BEAT_MS, type CommandLine } from "./guard-messages.js";
import { type CommandEnd, type GuardedCommand, type OutputOf, startGuarded } from "./guarded.js";

/** A command that a body asked for. */
export interface CommandOf {
  /** The call of the body: its commands end with it. */
  readonly call: number;
  readonly line: CommandLine;
  readonly output: OutputOf;
}

/** For killed commands to be gone, ms. */
const KILL_LIMIT_MS = 5_000;

interface Running {
  readonly call: number;
  readonly command: GuardedCommand;
}

/**
 * The commands of one runner's bodies. They belong to the agent, not to the runner: a body that
 * blocks the runner must not cost another job its server.
 */
export class Commands {
  readonly #running = new Set<Running>();
  readonly #lease: Pick<AbortDeadline, "over" | "end">;
  #beats: NodeJS.Timeout | undefined;

  /** `over` once the agent's claims must not be trusted; then the beats stop. */
  constructor(lease: Pick<AbortDeadline, "over" | "end">) {
    this.#lease = lease;
  }

  /** Resolves when the command and its group are gone. */
  async run({ call, line, output }: CommandOf): Promise<CommandEnd> {
    const running = { call, command: startGuarded(line, output) };
    this.#running.add(running);
    running.command.beat(this.#lease.end);
    this.#beats ??= setInterval(() => this.#beat(), BEAT_MS);
    const end = await running.command.end;
    this.#running.delete(running);
    if (this.#running.size === 0) {
      clearInterval(this.#beats);
      this.#beats = undefined;
    }
    return end;
  }

  /** The body was told to stop, or is over: what it started must go, within its grace. */
  stop(call: number): void {
    for (const { command } of this.#of(call)) command.stop();
  }

  /** Resolves when what the body started is gone; undefined when nothing is there. */
  gone(call: number): Promise<unknown> | undefined {
    const all = this.#of(call);
    return all.length === 0 ? undefined : Promise.all(all.map(({ command }) => command.end));
  }

  /**
   * Ends without any grace what the bodies of these calls started; resolves when it is gone. What
   * even SIGKILL does not end, such as a command that became somebody else's, is left after 5 s.
   */
  async kill(calls: readonly number[]): Promise<void> {
    const all = calls.flatMap((call) => this.#of(call));
    if (all.length === 0) return;
    for (const { command } of all) command.kill();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, KILL_LIMIT_MS);
    });
    await Promise.race([Promise.all(all.map(({ command }) => command.end)), limit]);
    clearTimeout(timer);
  }

  /** Resolves when all of them are gone. */
  async stopAll(): Promise<void> {
    const all = [...this.#running];
    for (const { command } of all) command.stop();
    await Promise.all(all.map(({ command }) => command.end));
  }

  #of(call: number): readonly Running[] {
    return [...this.#running].filter((running) => running.call === call);
  }

  #beat(): void {
    if (this.#lease.over) return;
    for (const { command } of this.#running) command.beat(this.#lease.end);
  }
}
