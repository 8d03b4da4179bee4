import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";
import { call, hooks, openBodies, openRunners } from "./open-runners.js";

/*
 * What a body may do to the runner it runs in, and what that costs: the calls of this runner, never
 * the agent.
 */

describe.each(["process", "thread"] as const)("in a %s,", (transport) => {
  it.each([
    ["exit", "exit code 3"],
    ["throw-later", "from a timer"],
    ["reject-later", "nobody listens"],
  ])("%s ends the runner and is told from the failure of a body", async (atom, how) => {
    const { runners, events } = openRunners({ transport });
    const { bodies } = await openBodies(runners);
    const beside = bodies.execute(call("deaf"), hooks());
    beside.catch(() => undefined);

    const answer = bodies.execute(call(atom), hooks());

    await expect(answer).rejects.toMatchObject({ code: "RUNNER_DIED" });
    await expect(answer).rejects.toThrow(how);
    await expect(beside).rejects.toMatchObject({ code: "RUNNER_DIED" });
    expect(events.map(({ event }) => event)).toContain("ended");
    const later = bodies.execute(call("context"), hooks());
    await expect(later).rejects.toMatchObject({ code: "RUNNER_DIED" });
    const next = await openBodies(runners);
    expect(await next.bodies.execute(call("save"), hooks())).toEqual({ n: 1 });
  });

  it("an endless loop is ended at its time limit, and others are served meanwhile", async () => {
    const { runners } = openRunners({ transport });
    const { bodies } = await openBodies(runners);
    const answer = bodies.execute(call("block", { timeoutMs: 500 }), hooks());
    answer.catch(() => undefined);

    const other = await openBodies(runners, { job: "job-2" });
    expect(other.bodies.runner).not.toBe(bodies.runner);
    expect(await other.bodies.execute(call("save"), hooks())).toEqual({ n: 1 });

    await expect(answer).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("an endless loop that comes in between takes no question with it", async () => {
    const { runners } = openRunners({ transport });
    const { bodies } = await openBodies(runners);
    // The runner is chosen while it turns; the loop reaches it before the question does.
    const question = runners.prepare("bodies", {});
    const loop = bodies.execute(call("block", { timeoutMs: 5_000 }), hooks());
    let over = false;
    const ended = loop.catch((error: unknown) => error).finally(() => (over = true));

    expect(await question).toMatchObject({ version: 3 });
    expect(over).toBe(false);

    expect(await ended).toMatchObject({ name: "TimeoutError" });
  });

  it("a body that does not come back fails at its time limit", async () => {
    const { runners } = openRunners({ transport });
    const { bodies } = await openBodies(runners);

    const answer = bodies.execute(call("deaf", { timeoutMs: 100 }), hooks());

    await expect(answer).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("a plugin that ends its runner while it loads is left out and named", async () => {
    const flows = tempDir();
    writeFileSync(join(flows, "deadly.ts"), "process.exit(5);");
    const { runners } = openRunners({ transport, flows: [flows] });

    const { flows: loaded, problems } = await runners.manifest();

    expect(loaded.map(({ name }) => name)).toEqual(["hello", "simple_http_webserver"]);
    expect(problems).toMatchObject([
      { file: join(flows, "deadly.ts"), message: expect.stringContaining("exit code 5") },
    ]);
  });
});

it("a full heap ends a runner, not the agent", async () => {
  const flows = join(tempDir(), "flows");
  mkdirSync(flows);
  writeFileSync(join(flows, "hungry.ts"), HUNGRY);
  const { runners } = openRunners({ flows: [flows], memoryMb: 64 });
  const { bodies } = await openBodies(runners, { flow: "hungry", version: 1, params: {} });

  const answer = bodies.execute(call("eat"), hooks());

  await expect(answer).rejects.toMatchObject({ code: "RUNNER_DIED" });
});

it("SIGTERM and Ctrl-C of the whole group leave a runner at work", async () => {
  const { runners, events } = openRunners();
  const { bodies, lines } = await openBodies(runners);
  const answer = bodies.execute(call("sleep", { args: { ms: 600 } }), hooks());
  await until(() => lines.length > 0, { withinMs: 10_000 });
  const pid = events.find(({ event }) => event === "started")?.pid ?? 0;

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.kill(pid, signal);

  expect(await answer).toBe("slept");
});

const HUNGRY = `import { defineFlow } from "jobrunner";
export default defineFlow({
  name: "hungry",
  build(f) {
    f.task("eat", {
      execute: () => {
        const food: unknown[] = [];
        for (;;) food.push(Array.from({ length: 10_000 }, (_, n) => ({ n })));
      },
    });
  },
});
`;

describe("a runner that cannot be started", () => {
  it("is told from one that died, with the system's word for it, and is tried again", async () => {
    const { execPath } = process;
    onTestFinished(() => {
      process.execPath = execPath;
    });
    process.execPath = "/there/is/no/node";
    const { runners } = openRunners();

    const opened = openBodies(runners);
    await expect(opened).rejects.toMatchObject({ code: "NO_RUNNER" });
    await expect(opened).rejects.toThrow("could not be started: spawn /there/is/no/node ENOENT");
    expect(runners.trouble).toContain("ENOENT");
    process.execPath = execPath;
    await until(() => runners.trouble === undefined, { withinMs: 20_000 });

    const { bodies } = await openBodies(runners);
    expect(await bodies.execute(call("save"), hooks())).toEqual({ n: 1 });
  });

  it("says what it wrote last", async () => {
    const { runners } = openRunners({ memoryMb: NaN });

    const asked = runners.manifest();

    await expect(asked).rejects.toMatchObject({ code: "NO_RUNNER", hint: expect.any(String) });
    await expect(asked).rejects.toThrow(
      /could not be started: exit code \d+: .*max-old-space-size/,
    );
  });
});
