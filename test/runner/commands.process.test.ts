import { describe, expect, it } from "vitest";
import { listProcesses, signal } from "../../scripts/lab/processes.js";
import { until } from "../../scripts/lab/until.js";
import {
  call,
  FOREVER,
  hooks,
  openBodies,
  openRunners,
  ownershipLost,
  sharedRunners,
} from "./open-runners.js";

/* `ctx.run`: what becomes of a command when it ends, when its body must stop, when its runner dies. */

const PATIENCE = { withinMs: 10_000 };

describe("a command", () => {
  const shared = sharedRunners();
  const opened = () => openBodies(shared().runners);

  it("is logged line by line and ends its body when it exits with 0", async () => {
    const { bodies, lines } = await opened();
    const code = `console.log("one"); console.error("two"); process.stdout.write("rest")`;

    expect(await bodies.execute(call("run", { args: { code } }), hooks())).toBeNull();

    expect([...lines].sort()).toEqual(["run: one", "run: rest", "run: two"]);
  });

  it.each([
    ["process.exit(7)", "exited with 7", "EXIT_7"],
    [`process.kill(process.pid, "SIGKILL")`, "was ended by SIGKILL", "SIGNAL_SIGKILL"],
  ])("fails its body after %s", async (code, message, failureCode) => {
    const { bodies } = await opened();

    const answer = bodies.execute(call("run", { args: { code } }), hooks());

    await expect(answer).rejects.toThrow(message);
    await expect(answer).rejects.toMatchObject({ failure: { code: failureCode } });
  });

  it("that does not exist fails its body with the system's word for it", async () => {
    const { bodies } = await opened();

    const answer = bodies.execute(call("run-nothing"), hooks());

    await expect(answer).rejects.toMatchObject({ failure: { code: "ENOENT" } });
  });

  it("ends when its body must stop, with everything it started", async () => {
    const { bodies, lines } = await opened();
    const linked = hooks();
    const code = `${CHILD} console.log("pids " + process.pid + " " + child.pid);
      setInterval(() => {}, 1000);`;
    const answer = bodies.execute(call("run", { args: { code } }), linked);
    answer.catch(() => undefined);
    const pids = await pidsIn(lines, 2);

    linked.abort(new Error("handed over"));

    await expect(answer).rejects.toThrow("handed over");
    expect(alive(pids)).toEqual([]);
  });

  it("that ignores SIGTERM is killed after its grace", async () => {
    const { bodies, lines } = await opened();
    const linked = hooks();
    const answer = bodies.execute(call("run", { args: { code: STUBBORN } }), linked);
    answer.catch(() => undefined);
    const pids = await pidsIn(lines, 1);

    linked.abort(new Error("stop"));

    await expect(answer).rejects.toThrow("stop");
    expect(alive(pids)).toEqual([]);
  });

  it("that ignores SIGTERM is killed at once when the ownership is lost", async () => {
    const { bodies, lines } = await opened();
    const linked = hooks();
    const answer = bodies.execute(call("run-patient", { args: { code: STUBBORN } }), linked);
    answer.catch(() => undefined);
    const pids = await pidsIn(lines, 1);

    linked.abort(ownershipLost("taken"));

    await expect(answer).rejects.toThrow("taken");
    expect(alive(pids)).toEqual([]);
  });

  it("P-22: that ignores SIGTERM is killed when its atom is forsaken", async () => {
    const { bodies, lines } = await opened();
    const linked = hooks();
    const answer = bodies.execute(call("run-patient", { args: { code: STUBBORN } }), linked);
    answer.catch(() => undefined);
    const pids = await pidsIn(lines, 1);
    linked.abort(new Error("handed over"));

    await bodies.kill("another");
    expect(alive(pids)).toEqual(pids);
    await bodies.kill("run-patient");

    expect(alive(pids)).toEqual([]);
  });

  it("P-22: is gone when its job is closed", async () => {
    const { bodies, lines } = await opened();
    const answer = bodies.execute(call("run-patient", { args: { code: STUBBORN } }), hooks());
    answer.catch(() => undefined);
    const pids = await pidsIn(lines, 1);

    await bodies.close();

    expect(alive(pids)).toEqual([]);
  });

  it("has no grace beyond the lease of its owner", async () => {
    const end = { endWall: Date.now() + 3_000 };
    const deadline = () => ({ ...FOREVER, ...end });
    const { bodies, lines } = await openBodies(openRunners().runners, { deadline });
    const linked = hooks();
    const answer = bodies.execute(call("run-patient", { args: { code: STUBBORN } }), linked);
    answer.catch(() => undefined);
    const pids = await pidsIn(lines, 1);

    linked.abort(new Error("stop"));

    await expect(answer).rejects.toThrow("stop");
    expect(Date.now()).toBeGreaterThanOrEqual(end.endWall);
    expect(alive(pids)).toEqual([]);
  });

  it("that its body does not wait for is gone before the body counts as over", async () => {
    const { bodies, lines } = await opened();

    await bodies.execute(call("run-unwaited", { args: { code: STUBBORN } }), hooks());

    expect(alive(await pidsIn(lines, 1))).toEqual([]);
  });

  it("leaves nothing behind in its group when it exits by itself", async () => {
    const { bodies, lines } = await opened();
    const code = `${CHILD} console.log("pids " + child.pid); child.unref();`;

    await bodies.execute(call("run", { args: { code } }), hooks());

    expect(alive(await pidsIn(lines, 1))).toEqual([]);
  });

  it.each(["process", "thread"] as const)(
    "ends before the death of its %s is told",
    async (how) => {
      const { bodies, lines } = await openBodies(openRunners({ transport: how }).runners);
      const answer = bodies.execute(call("run", { args: { code: SERVER } }), hooks());
      answer.catch(() => undefined);
      const pids = await pidsIn(lines, 1);

      void bodies.execute(call("exit"), hooks()).catch(() => undefined);

      await expect(answer).rejects.toMatchObject({ code: "RUNNER_DIED" });
      expect(alive(pids)).toEqual([]);
    },
  );

  it("of one job lives on while another job blocks the runner of both", async () => {
    const { bodies, lines } = await openBodies(openRunners().runners);
    const answer = bodies.execute(call("run", { args: { code: SERVER } }), hooks());
    answer.catch(() => undefined);
    const pids = await pidsIn(lines, 1);
    const began = performance.now();

    const blocked = bodies.execute(call("block", { timeoutMs: 1_500 }), hooks());
    blocked.catch(() => undefined);
    // Longer than the guard bears silence, shorter than the limit with its grace.
    await until(() => performance.now() - began > 2_500, PATIENCE);
    expect(alive(pids)).toEqual(pids);

    await expect(blocked).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(answer).rejects.toMatchObject({ code: "RUNNER_DIED" });
  });

  it("fails its body when somebody kills its guard, and goes with it", async () => {
    const { bodies, lines } = await opened();
    const answer = bodies.execute(call("run", { args: { code: SERVER } }), hooks());
    answer.catch(() => undefined);
    const pids = await pidsIn(lines, 1);
    const guard = listProcesses().find(({ pid }) => pid === pids[0])?.parent ?? 0;

    signal(guard, "SIGKILL");

    await expect(answer).rejects.toMatchObject({ failure: { code: "GUARD_DIED" } });
    await until(() => alive(pids).length === 0, PATIENCE);
  });
});

const SERVER = `console.log("pids " + process.pid); setInterval(() => {}, 1000);`;
/** A child of the command, which ends when it is told to. */
const CHILD = `const { spawn } = require("child_process");
  const endless = ["-e", "setInterval(() => {}, 1000)"];
  const child = spawn(process.execPath, endless, { stdio: "ignore" });`;
const STUBBORN = `process.on("SIGTERM", () => {}); ${SERVER}`;

/** Process ids that a command wrote as `pids 1 2`. */
function pidsIn(lines: readonly string[], count: number): Promise<readonly number[]> {
  const look = () => {
    const line = lines.find((each) => each.includes("pids "));
    const pids = line?.match(/\d+/g)?.map(Number) ?? [];
    return pids.length === count && pids;
  };
  return until(look, { ...PATIENCE, what: "the command's process ids" });
}

function alive(pids: readonly number[]): readonly number[] {
  const now = listProcesses();
  return pids.filter((pid) => now.some((process) => process.pid === pid));
}
