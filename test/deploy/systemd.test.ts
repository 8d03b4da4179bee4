import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../support/temp.js";

const FOLDER = join(import.meta.dirname, "../../deploy/systemd");
const UNITS = ["user/jobrunner", "system/jobrunner", "system/jobrunner-machine"] as const;
const analyser = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" });
const skip = analyser.status !== 0;

describe.each(UNITS)("the systemd unit %s", (unit) => {
  const file = join(FOLDER, `${unit}.service`);
  const text = readFileSync(file, "utf8");
  const scope = unit.startsWith("user/") ? ["--user"] : [];

  it.skipIf(skip)("has nothing that systemd complains of", () => {
    const { status, output } = analyse(...scope, "verify", file);

    expect(output).toBe("");
    expect(status).toBe(0);
  });

  it("starts the agent again whatever ended it, and signals the agent alone first", () => {
    expect(text).toMatch(/^Restart=always$/m);
    expect(text).toMatch(/^KillMode=mixed$/m);
    expect(text).toMatch(/^StartLimitIntervalSec=0$/m);
  });

  it("waits for the agent to say that it is ready and, again and again, that it lives", () => {
    expect(text).toMatch(/^Type=notify$/m);
    // systemd-notify is a child of the agent.
    expect(text).toMatch(/^NotifyAccess=all$/m);
    expect(text).toMatch(/^WatchdogSec=60$/m);
  });

  it("gives a stopping agent longer than its own drain limit", () => {
    const settings = readFileSync(join(FOLDER, "../config/server.yaml"), "utf8");
    const server = Number(/^drain: \{ timeout: (\d+)m/m.exec(settings)?.[1]) * 60;
    const drain = unit.startsWith("user/") ? 60 : server;

    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(drain + 30);
  });
});

describe.skipIf(skip)("the unit of the system", () => {
  it("locks the agent in: its exposure is 2.5 at the most, of 10", () => {
    const file = join(FOLDER, "system/jobrunner.service");

    const { output } = analyse("security", "--offline=true", "--threshold=25", file);

    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(output)?.[1]);
    expect(exposure).toBeLessThanOrEqual(2.5);
    console.log(`note: systemd-analyze security: exposure ${String(exposure)}`);
  });
});

function analyse(...args: readonly string[]) {
  const env = { ...process.env, XDG_RUNTIME_DIR: tempDir() };
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { env, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}
