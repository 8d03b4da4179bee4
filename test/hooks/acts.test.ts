import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callUrl } from "../../agent/hooks/call-url.js";
import { runCommand } from "../../agent/hooks/run-command.js";
import type { HookBody } from "../../common/wire/hooks.js";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";
import { startReceiver } from "./receiver.js";

const FOREVER = new AbortController().signal;
const SECRET = "correct-horse-battery";

const BODY = {
  ...{ delivery: "inc.1:hook", state: "FAILURE", at: "2027-01-31T18:00:00.000Z", agent: "alpha" },
  job: { id: "01980000-0000-7000-8000-000000000000", flow: "deploy", name: "site; rm -rf $HOME" },
  failures: [],
} as unknown as HookBody;

describe("a request of a hook", () => {
  it("is signed, so that who has the secret knows whom it is from, and when", async () => {
    const receiver = await startReceiver();
    const body = JSON.stringify(BODY);

    await callUrl({ url: receiver.url, secret: SECRET }, { delivery: "d", body }, FOREVER);

    const [received] = receiver.received;
    expect(received?.body).toBe(body);
    expect(received?.headers).toMatchObject({ "content-type": "application/json" });
    const signature = String(received?.headers["jobrunner-signature"]);
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
    expect(v1).toBe(createHmac("sha256", SECRET).update(`${t}.${body}`).digest("hex"));
    expect(Math.abs(Date.now() / 1_000 - Number(t))).toBeLessThan(60);
  });

  it("is not signed without a secret", async () => {
    const receiver = await startReceiver();

    await callUrl({ url: receiver.url }, { delivery: "d", body: "{}" }, FOREVER);

    expect(receiver.received[0]?.headers).not.toHaveProperty("jobrunner-signature");
  });

  it("fails when nobody listens", async () => {
    const sent = { delivery: "d", body: "{}" };
    await expect(callUrl({ url: "http://127.0.0.1:1/" }, sent, FOREVER)).rejects.toThrow(
      "ECONNREFUSED",
    );
  });
});

describe("a command of a hook", () => {
  const node = (script: string, ...args: readonly string[]) => [
    ...[process.execPath, "-e", script, ...args],
  ];

  it("is told of the job on its standard input, and in variables; no shell reads it", async () => {
    const file = join(tempDir(), "told.json");
    process.env["JOBRUNNER_TOKEN"] = SECRET;
    try {
      const script = `
        const body = require("fs").readFileSync(0, "utf8");
        const told = { body: JSON.parse(body), env: process.env, args: process.argv.slice(1) };
        require("fs").writeFileSync(process.argv[1], JSON.stringify(told));`;
      await runCommand(node(script, file, "$HOME `id`"), BODY, FOREVER);
    } finally {
      delete process.env["JOBRUNNER_TOKEN"];
    }

    const told = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    expect(told).toMatchObject({ body: BODY, args: [file, "$HOME `id`"] });
    expect(told["env"]).toMatchObject({
      ...{ JOBRUNNER_STATE: "FAILURE", JOBRUNNER_JOB: BODY.job.id, JOBRUNNER_FLOW: "deploy" },
      ...{ JOBRUNNER_NAME: "site; rm -rf $HOME", JOBRUNNER_DELIVERY: "inc.1:hook" },
    });
    expect(JSON.stringify(told)).not.toContain(SECRET);
  });

  it("fails with its exit code and the end of what it complained of", async () => {
    const script = 'console.error("x".repeat(9_000), "no such room"); process.exitCode = 3;';

    const failed = runCommand(node(script), BODY, FOREVER);

    await expect(failed).rejects.toThrow(/^it ended with exit code 3: x{1,2000} no such room$/);
  });

  it("fails when there is no such program", async () => {
    await expect(runCommand(["/nowhere/notify"], BODY, FOREVER)).rejects.toThrow("ENOENT");
  });

  it("need not read what it is told", async () => {
    const running = runCommand(node("process.stdin.destroy()"), BODY, FOREVER);

    await expect(running).resolves.toBeUndefined();
  });

  it("is killed with what it started when its time is over", async () => {
    const file = join(tempDir(), "pids");
    const script = `
      const child = require("child_process").spawn("sleep", ["60"]);
      require("fs").writeFileSync(process.argv[1], String(child.pid));
      setInterval(() => {}, 1000);`;
    const limit = new AbortController();
    const running = runCommand(node(script, file), BODY, limit.signal);
    const stopped = expect(running).rejects.toThrow("too long");
    await until(() => existsSync(file) && readFileSync(file, "utf8") !== "", { withinMs: 10_000 });

    limit.abort(new Error("too long"));
    await stopped;

    const pid = Number(readFileSync(file, "utf8"));
    await until(() => !isAlive(pid), { withinMs: 5_000 });
  });
});

/** A zombie that nobody has waited for is none. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
