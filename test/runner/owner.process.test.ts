import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { familyOf, type Process, signal, stillAlive } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";

/* What is left of bodies and commands when the agent that owns them is killed or frozen. */

describe("when its agent", () => {
  it("is killed with -9, neither the runner nor the guard nor the command is left", async () => {
    const owner = await startOwner();

    signal(owner.pid, "SIGKILL");

    const gone = () => stillAlive(owner.family()).length === 0;
    await until(gone, { withinMs: 2_000, what: "the end of the family" });
    expect(owner.family().length).toBeGreaterThanOrEqual(4);
  });

  it("is frozen, bodies are aborted and commands end", async () => {
    const owner = await startOwner();
    const server = owner.family().filter(({ pid }) => pid === owner.command());

    signal(owner.pid, "SIGSTOP");

    const stopped = () => owner.log().includes("wait: stopped");
    await until(stopped, { withinMs: 3_000, what: "the abort of the body" });
    await until(() => stillAlive(server).length === 0, { withinMs: 3_000, what: "its command" });
    expect(server).toHaveLength(1);
  });

  it("is frozen and wakes, it is told what became of its bodies", async () => {
    const owner = await startOwner();

    signal(owner.pid, "SIGSTOP");
    await until(() => owner.log().includes("wait: stopped"), { withinMs: 3_000 });
    signal(owner.pid, "SIGCONT");

    await until(() => owner.ends().length === 2, { withinMs: 5_000, what: "both answers" });
    expect(owner.ends().find((end) => end.startsWith("wait"))).toContain("Ownership lost");
  });
});

interface Owner {
  readonly pid: number;
  log(): string;
  /** Process id of the command. */
  command(): number;
  /** Owner, runner, guard and command, as they were when both bodies ran. */
  family(): readonly Process[];
  /** `<atom>: <how it ended>`. */
  ends(): readonly string[];
}

async function startOwner(): Promise<Owner> {
  const file = join(tempDir(), "log");
  const fixtures = join(import.meta.dirname, "fixtures");
  const child = fork(join(fixtures, "owner.ts"), [join(fixtures, "watched"), file], {
    execArgv: ["--import", "jiti/register"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const pid = child.pid ?? 0;
  let family: readonly Process[] = [];
  onTestFinished(async () => {
    const left = [...family, ...familyOf(pid)];
    for (const each of stillAlive(left)) signal(each.pid, "SIGKILL");
    await until(() => child.exitCode !== null || child.signalCode !== null, { withinMs: 5_000 });
  });
  const ends: string[] = [];
  child.on("message", (message: { readonly atom?: string; readonly ended?: string }) => {
    if (message.atom !== undefined) ends.push(`${message.atom}: ${message.ended}`);
  });
  const log = () => readFileSync(file, "utf8");
  const command = () => Number(/command (\d+)/.exec(log())?.[1] ?? 0);
  const running = () => command() > 0 && log().includes("began");
  await until(running, { withinMs: 40_000, what: "both bodies to run" });
  family = familyOf(pid);
  return { pid, log, command, family: () => family, ends: () => ends };
}
