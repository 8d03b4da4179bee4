import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { TermuxPower } from "../../power/termux.js";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";

/* Termux's two commands are scripts that write down that they were called. */

it("keeps the phone awake from the first job to the last", async () => {
  const { power, calls } = open();

  power.busy(1);
  await until(() => calls().length === 1, { withinMs: 5_000 });
  power.busy(2);
  power.busy(1);
  power.busy(0);
  await until(() => calls().length === 2, { withinMs: 5_000 });

  expect(calls()).toEqual(["wake-lock", "wake-unlock"]);
});

it("lets it go when the agent leaves, and asks for nothing that it does not hold", async () => {
  const { power, calls } = open();

  power.busy(0);
  power.busy(1);
  await power[Symbol.asyncDispose]();
  await power[Symbol.asyncDispose]();

  expect(calls()).toEqual(["wake-lock", "wake-unlock"]);
});

it("lets go at the start of what an agent that was killed has left", async () => {
  const { power, calls } = open();

  power.watch();
  await power[Symbol.asyncDispose]();

  expect(calls()).toEqual(["wake-unlock"]);
});

it("says once when Termux has no such command", async () => {
  const { power, refused } = open({ commands: [] });

  power.busy(1);
  await power[Symbol.asyncDispose]();

  expect(refused).toEqual([expect.stringContaining("termux-wake-lock")]);
});

function open({ commands = ["wake-lock", "wake-unlock"] } = {}) {
  const dir = tempDir();
  const log = join(dir, "calls");
  appendFileSync(log, "");
  for (const name of commands) {
    const program = join(dir, `termux-${name}`);
    writeFileSync(program, `#!/bin/sh\necho ${name} >> ${log}\n`);
    chmodSync(program, 0o755);
  }
  const path = process.env["PATH"];
  process.env["PATH"] = `${dir}:/bin`;
  const refused: string[] = [];
  const power = new TermuxPower({ onRefused: (why) => void refused.push(why) });
  onTestFinished(async () => {
    await power[Symbol.asyncDispose]();
    process.env["PATH"] = path;
  });
  const calls = () => readFileSync(log, "utf8").split("\n").filter(Boolean);
  return { power, calls, refused };
}
