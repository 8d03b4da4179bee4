import { BEAT_MS, type CommandLine } from "./guard-messages.js";
import { type CommandEnd, type GuardedCommand, startGuarded } from "./guarded.js";

/** A command that a body asked for. */
export interface CommandOf {
  /** The call of the body: its commands end with it. */
  readonly call: number;
  readonly line: CommandLine;
  take(text: string): void;
}

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
  readonly #alive: () => boolean;
  #beats: NodeJS.Timeout | undefined;

  /** `alive`: false once the agent's claims must not be trusted; then the beats stop. */
  constructor(alive: () => boolean) {
    this.#alive = alive;
  }

  /** Resolves when the command and its group are gone. */
  async run({ call, line, take }: CommandOf): Promise<CommandEnd> {
    const running = { call, command: startGuarded(line, take) };
    this.#running.add(running);
    this.#beats ??= setInterval(() => this.#beat(), BEAT_MS);
    const end = await running.command.end;
    this.#running.delete(running);
    if (this.#running.size === 0) {
      clearInterval(this.#beats);
      this.#beats = undefined;
    }
    return end;
  }

  /** The body was told to stop, or is over: what it started must go. */
  stop(call: number): void {
    for (const running of this.#running) if (running.call === call) running.command.stop();
  }

  /** Resolves when all of them are gone. */
  async stopAll(): Promise<void> {
    const all = [...this.#running];
    for (const { command } of all) command.stop();
    await Promise.all(all.map(({ command }) => command.end));
  }

  #beat(): void {
    if (!this.#alive()) return;
    for (const { command } of this.#running) command.beat();
  }
}
