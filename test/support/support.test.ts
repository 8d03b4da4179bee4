import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { freePort } from "../../scripts/lab/ports.js";
import { familyOf, signal, stillAlive } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import { countEnds, readEffects } from "../../scripts/lab/fleet/effects.js";
import { openedSince, openResources } from "./resources.js";
import { tempDir } from "./temp.js";

describe("what a test leaves open", () => {
  it("is seen when it is a timer, and not when it is cleared", async () => {
    const before = openResources();

    const timers = Array.from({ length: 9 }, () => setTimeout(() => {}, 60_000));
    // The test runner has short timers of its own: give or take a few.
    expect(Number.parseInt(openedSince(before).join(), 10)).toBeGreaterThan(5);

    for (const timer of timers) clearTimeout(timer);
    await until(() => openedSince(before).length === 0, { withinMs: 5_000 });
  });

  it("is seen when it is a server", async () => {
    const before = openResources();

    const server = createServer().listen(0, "127.0.0.1");
    await until(() => server.listening, { withinMs: 5_000 });
    expect(openedSince(before)).toContain("1 TCPServerWrap");

    await new Promise((resolve) => server.close(resolve));
    await until(() => openedSince(before).length === 0, { withinMs: 5_000 });
  });

  it("is seen when it is a process", async () => {
    const before = openResources();

    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"]);
    expect(openedSince(before)).toContain("1 ProcessWrap");

    child.kill("SIGKILL");
    await until(() => openedSince(before).length === 0, { withinMs: 5_000 });
  });
});

describe("until", () => {
  it("gives the first answer that is one", async () => {
    let looks = 0;

    const answer = await until(() => (++looks === 3 ? "third" : undefined), { withinMs: 5_000 });

    expect(answer).toBe("third");
  });

  it("says what it waited for, and why the last look failed", async () => {
    const look = (): boolean => {
      throw new Error("no such file");
    };

    const waiting = until(look, { withinMs: 30, what: "the file" });

    await expect(waiting).rejects.toMatchObject({
      message: "waited 30 ms in vain for the file",
      cause: { message: "no such file" },
    });
  });
});

describe("processes", () => {
  it("are found with their children, and missed when they are gone", async () => {
    const sleeper = `require("child_process").spawn("sleep", ["60"], { stdio: "ignore" })`;
    const parent = spawn(process.execPath, ["-e", `${sleeper}; setTimeout(() => {}, 60_000)`]);
    const pid = parent.pid ?? 0;

    await until(() => familyOf(pid).length === 2, { withinMs: 5_000 });
    const family = familyOf(pid);
    expect(family.map(({ command }) => command).join()).toMatch(/sleep 60/);
    expect(stillAlive(family)).toHaveLength(2);

    for (const member of family) signal(member.pid, "SIGKILL");
    await until(() => stillAlive(family).length === 0, { withinMs: 5_000 });
    await until(() => !signal(pid, "SIGKILL"), { withinMs: 5_000 });
  });
});

describe("free ports", () => {
  it("can be listened on", async () => {
    const server = createServer().listen(await freePort(), "127.0.0.1");

    await expect(until(() => server.listening, { withinMs: 5_000 })).resolves.toBe(true);

    await new Promise((resolve) => server.close(resolve));
  });
});

describe("effects", () => {
  const effect = (atom: string, phase: string, body = "execute"): string =>
    JSON.stringify({ job: "j", atom, phase, body, at: 1, pid: 2, attempt: 1, again: false });

  it("are read in order, without the torn line of a killed writer", () => {
    const file = join(tempDir(), "effects");
    const lines = [effect("a", "begin"), effect("a", "end"), effect("b", "begin"), '{"job":"j"'];
    writeFileSync(file, lines.join("\n"));

    expect(readEffects(file).map(({ atom, phase }) => `${atom} ${phase}`)).toEqual([
      "a begin",
      "a end",
      "b begin",
    ]);
  });

  it("are none when nothing was written", () => {
    expect(readEffects(join(tempDir(), "effects"))).toEqual([]);
  });

  it("are counted when they came to their end", () => {
    const file = join(tempDir(), "effects");
    const lines = [effect("a", "begin"), effect("a", "end"), effect("a", "end", "revert")];
    writeFileSync(file, `${lines.join("\n")}\n`);

    expect([...countEnds(readEffects(file))]).toEqual([
      ["a", 1],
      ["a revert", 1],
    ]);
  });

  it("are refused when the file holds something else", () => {
    const file = join(tempDir(), "effects");
    writeFileSync(file, `"hello"\n`);

    expect(() => readEffects(file)).toThrow("not an effect");
  });
});
