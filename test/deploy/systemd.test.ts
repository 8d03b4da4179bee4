import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../support/temp.js";

const unit = join(import.meta.dirname, "../../deploy/systemd/jobrunner.service");
const analyser = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" });

describe("the systemd unit", () => {
  it.skipIf(analyser.status !== 0)("has nothing that systemd complains of", () => {
    const env = { ...process.env, XDG_RUNTIME_DIR: tempDir() };

    const { status, stderr } = spawnSync("systemd-analyze", ["--user", "verify", unit], {
      env,
      encoding: "utf8",
    });

    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  it("starts the agent again whatever ended it, and signals the agent alone first", () => {
    const text = readFileSync(unit, "utf8");

    expect(text).toMatch(/^Restart=always$/m);
    expect(text).toMatch(/^KillMode=mixed$/m);
    expect(text).toMatch(/^StartLimitIntervalSec=0$/m);
  });

  it("gives a stopping agent longer than its own drain limit of 60 s", () => {
    const text = readFileSync(unit, "utf8");

    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1])).toBeGreaterThan(60);
  });
});
