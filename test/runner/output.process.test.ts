import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";
import { call, hooks, openBodies, sharedRunners } from "./open-runners.js";

/* What a body writes must cost neither the agent nor the bodies beside it. */

const PATIENCE = { withinMs: 20_000 };
/** Lines that somebody who was quiet may write at once. */
const BURST = 10_000;

describe("a body that writes without end", () => {
  const shared = sharedRunners();
  const opened = () => openBodies(shared().runners);

  it("is logged in part, and answers as soon as it is over", async () => {
    const { bodies, lines } = await opened();
    const ms = 2_000;
    const began = performance.now();

    await bodies.execute(call("chatter", { args: { ms } }), hooks());

    const seconds = Math.ceil((performance.now() - began) / 1_000) + 1;
    expect(lines.length).toBeGreaterThan(1_000);
    expect(lines.length).toBeLessThanOrEqual(BURST + 1_001 * seconds);
    expect(lines.at(-1)).toMatch(/chatter: [.]{3} \d+ lines dropped/);
  });

  it("by a command waits for its reader, and leaves the agent's loop free", async () => {
    const { bodies, lines } = await opened();
    const linked = hooks();
    const code = `const fs = require("fs"); for (;;) fs.writeSync(1, "yes\\n".repeat(10000));`;
    let longest = 0;
    let last = performance.now();
    const turns = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 10);
    const began = performance.now();

    const answer = bodies.execute(call("run", { args: { code } }), linked);
    answer.catch(() => undefined);
    await until(() => lines.some((line) => line.includes("lines dropped")), PATIENCE);
    await until(() => performance.now() - began > 5_000, PATIENCE);
    clearInterval(turns);
    linked.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");

    const seconds = Math.ceil((performance.now() - began) / 1_000) + 1;
    expect(lines.length).toBeLessThanOrEqual(BURST + 1_001 * seconds);
    expect(longest).toBeLessThan(1_000);
  });

  it("loses no line that the body itself reads", async () => {
    const { bodies } = await opened();
    const code = `for (let n = 0; n < 50000; n += 1) console.log(n)`;

    expect(await bodies.execute(call("run-chatter", { args: { code } }), hooks())).toBe(50_000);
  });

  it("to a body whose runner is busy with another one waits, and loses nothing", async () => {
    const { bodies } = await opened();
    const written = join(tempDir(), "written");
    const code = `
      const fs = require("fs");
      const line = "x".repeat(1023) + "\\n";
      for (let n = 0; n < 40; n += 1) {
        fs.writeSync(1, line.repeat(1024));
        fs.writeFileSync(${JSON.stringify(written)}, String(n + 1));
      }`;
    const answer = bodies.execute(call("run-chatter", { args: { code } }), hooks());
    await until(() => existsSync(written), PATIENCE);

    const before = Number(readFileSync(written, "utf8"));
    await bodies.execute(call("busy", { args: { ms: 4_000 } }), hooks());
    const mib = Number(readFileSync(written, "utf8"));

    // Eight a second are read otherwise, and wait in the agent's memory.
    expect(mib - before).toBeLessThan(12);
    expect(await answer).toBe(40 * 1024);
  });
});
