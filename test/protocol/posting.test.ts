import { writeFileSync } from "node:fs";
import pino from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { createJobs } from "../../agent/jobs.js";
import { createRunners } from "../../agent/runner/runners.js";
import type { RunnerJob } from "../../agent/runner/runner.js";
import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import { systemClock } from "../../cli/clock.js";
import { JobrunnerError } from "../../common/error.js";
import { newJob } from "../contracts/samples.js";
import { apart, openSteered, tempFile } from "../contracts/sqlite.js";
import { tempDir } from "../support/temp.js";
import { openWorld, type World } from "./world.js";

describe("posting", () => {
  it("P-1: leads the same key with another body to nothing but a conflict", async () => {
    const { persistence } = await openSteered();
    const first = newJob({ key: { key: "order", bodyHash: "one" } });
    await persistence.post(first);

    const other = await persistence.post(newJob({ key: { key: "order", bodyHash: "two" } }));

    expect(other).toEqual({ posted: "conflict", id: first.id });
    expect((await persistence.jobs({}, 10)).jobs).toHaveLength(1);
  });

  it("P-2: answers once the job is durable, whatever the board says, and wakes the sweep", async () => {
    const world = await openWorld();
    let woken = 0;
    const jobs = openJobs(world, () => {
      woken += 1;
    });
    const { put } = world.board;
    world.board.put = () => Promise.reject(new JobrunnerError("BOARD_DOWN", "cut off"));

    const { created, view } = await jobs.post({ flow: "hello" }, "key");
    world.board.put = put;
    const again = await jobs.post({ flow: "hello" }, "key");

    expect([created, again.created]).toEqual([true, false]);
    expect(again.view.id).toBe(view.id);
    expect(woken).toBe(1);
    // Whoever posts it the second time puts it too: the first one may have died before it did.
    expect(await world.claimable()).toEqual([view.id]);
  });

  it("refuses a flow that could never run, and stores nothing of it", async () => {
    const world = await openWorld();
    const dir = tempDir();
    writeFileSync(
      `${dir}/lacking.mjs`,
      `import { defineFlow, linear, task, z } from "jobrunner";
       // With a parameter that has no default, nobody can try it out before it is posted.
       const params = z.object({ n: z.int() });
       const a = task("a", { requires: ["nobody"], execute: () => 1 });
       export default defineFlow({ name: "lacking", params, flow: linear("lacking", [a]) });`,
    );
    const jobs = openJobs(world, () => undefined, [dir]);

    await expect(jobs.post({ flow: "lacking", params: { n: 1 } })).rejects.toMatchObject({
      code: "BAD_FLOW",
      message: expect.stringContaining('"nobody"') as string,
    });
    expect((await world.persistence.jobs({}, 10)).jobs).toEqual([]);
  });

  it("is not refused because another job's code just ended the runner", async () => {
    const world = await openWorld();
    const runners = openRunners();
    const { prepare } = runners;
    let deaths = 0;
    runners.prepare = (flow, params) => {
      deaths += 1;
      if (deaths > 1) return prepare.call(runners, flow, params);
      return Promise.reject(new JobrunnerError("RUNNER_DIED", "killed by a neighbour"));
    };
    const { persistence, board, clock } = world;
    const { progress } = world;
    const parts = { persistence, board, runners, clock, progress, ...ABILITIES };
    const jobs = createJobs({ ...parts, ...told(() => undefined) });

    const { created, view } = await jobs.post({ flow: "hello" });

    expect(created).toBe(true);
    expect(await world.claimable()).toEqual([view.id]);
  });

  it("P-3: a key outlives its job, and never makes another", async () => {
    const path = tempFile();
    const { persistence } = await openSteered({ path });
    const key = { key: "order", bodyHash: "one" };
    const job = newJob({ key });
    await persistence.post(job);
    await using raw = await apart(path);
    await raw.database.write((sql) => sql.run("DELETE FROM jobs WHERE id = ?", job.id));

    expect(await persistence.post(newJob({ key }))).toEqual({ posted: "removed", id: job.id });
  });
});

describe("the deadline of a body", () => {
  it("P-34: is looked at in the runner, on both clocks, before the body starts", async () => {
    const runners = openRunners();
    const never = Number.POSITIVE_INFINITY;
    const far = { abortMonotonic: never, abortWall: never, endMonotonic: never, endWall: never };
    const past = { startMonotonic: 0, startWall: never, ...far };
    for (const deadline of [past, { ...past, startMonotonic: never, startWall: 0 }]) {
      const job: RunnerJob = {
        ...{ job: "job", flow: "hello", version: 1, params: {}, agent: "alpha" },
        deadline: () => deadline,
        log: () => undefined,
      };
      const bodies = await runners.open(job, false);
      const call = { atom: "greet", args: { name: "world", pause: 0 } };
      const info = { ...call, attempt: 1, again: false, idempotencyKey: "k" };
      const hooks = {
        signal: new AbortController().signal,
        saved: refuseToSave,
        progress: () => undefined,
      };

      await expect(bodies.execute(info, hooks)).rejects.toMatchObject({ code: "OWNERSHIP_LOST" });
      await bodies.close();
    }
  });
});

function refuseToSave(): Promise<void> {
  return Promise.reject(new Error("nothing is saved here"));
}

/** What postings may ask for; nobody here asks why. */
const ABILITIES = {
  capabilities: BUILTIN_CAPABILITIES,
  why: () => Promise.reject(new Error("not used")),
};

function openRunners(flows: readonly string[] = []) {
  const runners = createRunners({
    flows,
    agent: "alpha",
    transport: "thread",
    clock: systemClock,
  });
  onTestFinished(() => runners[Symbol.asyncDispose]());
  return runners;
}

function openJobs(
  { persistence, board, clock, progress }: World,
  onPutFailed: () => void,
  flows: readonly string[] = [],
) {
  const runners = openRunners(flows);
  const parts = { persistence, board, runners, clock, progress, ...ABILITIES };
  return createJobs({ ...parts, ...told(onPutFailed) });
}

function told(onPutFailed: () => void) {
  const identity = { agent: "alpha", machine: "machine-1", incarnation: "alpha" };
  const nothing = () => undefined;
  const log = pino({ level: "silent" });
  return { identity, log, onPutFailed, requested: nothing, tell: nothing };
}
