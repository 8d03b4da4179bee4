import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { until } from "../../scripts/lab/until.js";

/** A process of this test's own that runs one of `fixtures/` and answers by messages. */
export interface Child {
  readonly pid: number;
  send(message: string): void;
  /** The next message that was not handed out yet; rejects after 45 s, or when the child ends. */
  next(): Promise<unknown>;
  /** Sends the signal and resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export function startChild(fixture: string, args: readonly string[]): Child {
  const child = fork(join(import.meta.dirname, "fixtures", fixture), [...args], {
    execArgv: ["--import", "jiti/register"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const messages: unknown[] = [];
  child.on("message", (message) => messages.push(message));
  const gone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await until(gone, { withinMs: 10_000, what: `the end of ${fixture}` });
  };
  onTestFinished(() => kill("SIGKILL"));
  return {
    pid: pidOf(child),
    send: (message) => void child.send(message),
    next: async () => {
      const what = `a message of ${fixture}`;
      const arrived = (): boolean => messages.length > 0 || gone();
      await until(arrived, { withinMs: 45_000, everyMs: 2, what });
      if (messages.length === 0) throw new Error(`${fixture} ended without ${what}`);
      return messages.shift();
    },
    kill,
  };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("the process was not started");
  return pid;
}
