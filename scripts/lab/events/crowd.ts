import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { FromCrowd, Seen, ToCrowd } from "./crowd-main.js";

/** Many readers of an agent's events, in a process of their own. */
export interface Crowd extends AsyncDisposable {
  readonly pid: number;
  seen(): Promise<readonly Seen[]>;
}

/** Resolves when all of them read. */
export async function startCrowd(agent: string, readers: number): Promise<Crowd> {
  const child = fork(join(import.meta.dirname, "crowd-main.ts"), {
    execArgv: ["--import", "jiti/register"],
  });
  const dispose = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };
  try {
    const begun = await ask(child, { follow: `${agent}/v1/events`, readers });
    if (!("begun" in begun) || begun.begun !== readers) throw new Error("not all readers began");
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    seen: async () => {
      const answer = await ask(child, { report: true });
      return "seen" in answer ? answer.seen : [];
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function ask(child: ChildProcess, message: ToCrowd): Promise<FromCrowd> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the crowd ended (${code})`));
    child.once("exit", ended);
    child.once("message", (answer) => {
      child.off("exit", ended);
      resolve(answer as FromCrowd);
    });
    child.send(message);
  });
}
