import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createNotify } from "../../cli/agent/systemd/notifier.js";
import { notifyMissing, startNotifyServer } from "../../scripts/lab/servers/notify.js";
import { runCommand } from "../../scripts/lab/command.js";
import { until } from "../../scripts/lab/until.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

const missing = notifyMissing();
const skip = missing !== undefined && process.env["CI"] === undefined;
if (skip) console.warn(`\nNOT TESTED: what systemd is told, since ${missing}\n`);

describe.skipIf(skip)("an agent under systemd", { timeout: 60_000 }, () => {
  it("says when it is ready, that it lives, what it does, and that it leaves", async () => {
    const { dir, server } = await listen();
    const env = { NOTIFY_SOCKET: server.socket, WATCHDOG_USEC: "600000" };
    const agent = await agentInTest({ name: "alpha", dir, env });
    const said = () => server.messages().flat();
    const alive = () => said().filter((line) => line === "WATCHDOG=1").length >= 3;
    await until(alive, { withinMs: 10_000, what: "three signs of life" });

    await agent.stop();

    const status = expect.stringMatching(/^STATUS=ready, 0 of \d+ slots in use$/) as string;
    expect(server.messages()[0]).toEqual(["READY=1", status]);
    expect(server.messages()[1]).toEqual(["WATCHDOG=1", status]);
    expect(said().filter((line) => line === "STOPPING=1")).toHaveLength(1);
    expect(agent.output()).not.toContain("systemd");
  });

  it("keeps the socket to itself: flows and their commands are not the service", async () => {
    const { dir, server } = await listen();
    const flows = join(dir, "flows");
    mkdirSync(flows);
    writeFileSync(join(flows, "tell.ts"), FLOW);
    const env = { NOTIFY_SOCKET: server.socket, WATCHDOG_USEC: "60000000" };
    const agent = await agentInTest({ name: "alpha", dir, env, args: ["--flows", flows] });

    const posted = await runCommand(["post", "tell", "--wait", "--via", agent.url, "-o", "json"]);

    const result = { own: "nothing", command: "nothing" };
    const outputs = { "look.result": result };
    expect(JSON.parse(posted.stdout)).toMatchObject({ state: "SUCCESS", outputs });
  });
});

describe("telling systemd", () => {
  it("complains once when the program is not there, and goes on", async () => {
    const told: string[] = [];
    const dir = tempDir();
    const program = join(dir, "systemd-notify");
    writeFileSync(program, "#!/bin/sh\necho no such socket >&2\nexit 1\n");
    chmodSync(program, 0o755);
    const path = process.env["PATH"];
    process.env["PATH"] = dir;
    onTestFinished(() => void (process.env["PATH"] = path));
    const notify = createNotify(join(dir, "none"), (why) => told.push(why));

    await Promise.all([notify({ ready: true }), notify({ watchdog: true })]);

    expect(told).toEqual([expect.stringContaining("systemd-notify")]);
  });
});

const FLOW = `import { defineFlow, z } from "jobrunner";

const NAMES = "NOTIFY_SOCKET|WATCHDOG_USEC";

export default defineFlow({
  name: "tell",
  params: z.object({}),
  build(f) {
    f.task("look", {
      in: {},
      execute: async (_none, ctx) => {
        const names = Object.keys(process.env).filter((name) => RegExp(NAMES).test(name));
        const env = await ctx.run("env", []);
        const isTold = RegExp(NAMES).test(env);
        return { own: names.join() || "nothing", command: isTold ? "something" : "nothing" };
      },
    });
  },
});
`;

async function listen() {
  const dir = tempDir();
  const server = await startNotifyServer(dir);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { dir, server };
}
