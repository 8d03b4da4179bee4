import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { JobView } from "../../common/wire.js";
import { MAIN } from "../../scripts/lab/agents.js";
import { runCommand } from "../../scripts/lab/command.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const FLOWS = join(import.meta.dirname, "fixtures", "flows");

describe("an agent that is told to leave", { timeout: 60_000 }, () => {
  it("leaves nothing behind when that comes while it starts", async () => {
    const dir = tempDir();
    const agents = join(dir, "jobrunner", "agents");
    const { child } = start(dir, "run", "--name", "alpha", "--listen", "127.0.0.1:0");
    const registered = () => list(agents).includes("alpha.json");
    await until(registered, { withinMs: 30_000, everyMs: 1 }); // Long before it is ready.

    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];

    expect(code).toBe(0);
    expect(list(agents)).toEqual(["alpha.lock"]);
  });

  it("reads its settings again when it is told so while it starts", async () => {
    const dir = tempDir();
    const agents = join(dir, "jobrunner", "agents");
    const { child, said } = start(dir, "run", "--name", "alpha", "--listen", "127.0.0.1:0");
    const registered = () => list(agents).includes("alpha.json");
    await until(registered, { withinMs: 30_000, everyMs: 1 }); // Long before it is ready.

    child.kill("SIGHUP");
    await until(
      () =>
        said().includes("settings read again") ||
        child.exitCode !== null ||
        child.signalCode !== null,
      {
        withinMs: 30_000,
      },
    );
    child.kill("SIGTERM");

    expect(said()).toContain("settings read again");
    expect(child.exitCode ?? (await once(child, "exit"))[0]).toBe(0);
  });

  it("removes the directory of dev when its terminal is closed", async () => {
    const dir = tempDir();
    const { child, said } = start(dir, "dev", "--listen", "127.0.0.1:0");
    await until(() => said().includes("jobrunner post hello"), { withinMs: 30_000 });
    expect(list(dir).some((name) => name.startsWith("jobrunner-dev-"))).toBe(true);

    child.kill("SIGHUP");
    const [code] = (await once(child, "exit")) as [number | null];

    expect(code).toBe(0);
    expect(list(dir).filter((name) => name.startsWith("jobrunner-dev-"))).toEqual([]);
  });

  it("leaves by itself with --once when there is nothing that it may take", async () => {
    const dir = tempDir();
    const alpha = await agentInTest({ dir, name: "alpha", args: ["--flows", FLOWS] });
    const jobrunner = (...words: readonly string[]) => runCommand([...words, "--via", alpha.url]);
    await jobrunner("agent", "cordon");
    const mine = await jobrunner("post", "hello", "-q");
    const others = await jobrunner("post", "hello", "-q", "--on", "gamma");
    const [settings, called] = [join(dir, "settings.yaml"), join(dir, "called")];
    const slow = `setTimeout(() => require("fs").writeFileSync(${JSON.stringify(called)}, ""), 500)`;
    const command = [process.execPath, "-e", slow];
    writeFileSync(settings, JSON.stringify({ hooks: [{ on: ["SUCCESS"], command }] }));

    const once = await runCommand(
      [
        ...["run", "--once", "--name", "beta", "--listen", "127.0.0.1:0", "--flows", FLOWS],
        ...["--database", join(dir, "jobs.db"), "--config", settings],
      ],
      { XDG_STATE_HOME: join(dir, "state"), XDG_CONFIG_HOME: dir },
    );

    expect(once.code, once.stderr).toBe(0);
    expect(once.stdout + once.stderr).toContain("there is nothing more to do");
    expect(list(dir), "its hook was called to the end").toContain("called");
    const states = await jobrunner("show", "-o", "jsonl");
    const jobs = states.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as JobView);
    expect(new Map(jobs.map(({ id, state }) => [id, state]))).toEqual(
      new Map([
        [others.stdout.trim(), "WAITING"],
        [mine.stdout.trim(), "SUCCESS"],
      ]),
    );
  });
});

function start(dir: string, ...words: readonly string[]) {
  const homes = { XDG_STATE_HOME: dir, XDG_CONFIG_HOME: dir, TMPDIR: dir };
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { ...process.env, ...homes },
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (part: Buffer) => (output += part.toString()));
  return { child, said: () => output };
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // Not made yet.
  }
}
