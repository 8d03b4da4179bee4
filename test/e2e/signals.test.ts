import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { MAIN } from "../../scripts/lab/agents.js";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";

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
