import { describe, expect, it } from "vitest";
import { z } from "zod";
import { JobrunnerError } from "../../common/error.js";
import { defineFlow } from "../../sdk/define-flow.js";
import { owned } from "../contracts/samples.js";
import { openHeld } from "./held.js";
import { LEASE_MS, linear, openWorld } from "./world.js";

const ASKER = { owner: "p.1", agent: "p", machine: "m" };

describe("leaving a job", () => {
  it("P-20: the end is durable before the board forgets the job", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const states: (string | undefined)[] = [];
    const { consume } = world.board;
    world.board.consume = async (job, claimId) => {
      states.push((await world.persistence.job(job))?.state);
      await consume.call(world.board, job, claimId);
    };

    await world.agent("alpha").work(id);

    expect(states).toEqual(["SUCCESS"]);
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("P-20: a board that did not hear of the end offers the job, and P-5 drops it", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const { consume } = world.board;
    world.board.consume = () => Promise.reject(new JobrunnerError("BOARD_DOWN", "lost"));
    await world.agent("alpha").work(id);
    world.board.consume = consume;
    await world.clock.advance(LEASE_MS * 2);
    expect(await world.claimable()).toEqual([id]);

    await world.agent("beta").work(id);

    expect(world.calls).toEqual(["alpha: a", "alpha: b", "alpha: c"]);
    expect(await world.claimable()).toEqual([]);
  });

  it("P-21: a refused owner stops, reverts nothing, and gives its claim back", async () => {
    const { world, id, working, open } = await openHeld("b");
    await owned(world.persistence, id, { boardId: world.boardId });

    open();
    await working;

    expect(world.calls).toEqual(["alpha: a", "alpha: b"]);
    expect(await world.claimable()).toEqual([id]);
    await world.agent("beta").work(id);
    expect(world.calls.slice(2)).toEqual(["beta: b", "beta: c"]);
  });

  it("P-22: an owner that leaves lets its atom settle, says so, and only then abandons", async () => {
    const { world, id, alpha, working, open } = await openHeld("b");

    alpha.leaving.abort();
    expect(await world.claimable()).toEqual([]);
    open("done");
    await working;

    expect(world.calls).toEqual(["alpha: a", "alpha: b"]);
    expect(await world.claimable()).toEqual([id]);
    expect(await world.persistence.job(id)).toMatchObject({ state: "RUNNING" });
    const last = (await world.persistence.load(id)).at(-1)?.changes;
    expect(last).toEqual([
      { change: "atom", atom: "b", to: "SUCCESS", result: "done" },
      { change: "handover" },
    ]);
    await world.agent("beta").work(id);
    expect(world.calls.slice(2)).toEqual(["beta: c"]);
  });

  it("P-22: an interruptible atom is stopped at once and stays for the next owner", async () => {
    const children = [{ kind: "task", name: "serve", interruptible: true }] as const;
    const { world, id, alpha, working } = await openHeld("serve", {
      spec: { ...linear(), children },
    });

    alpha.leaving.abort();
    await working;

    const changes = (await world.persistence.load(id)).flatMap((entry) => entry.changes);
    expect(changes.at(-1)).toEqual({ change: "handover" });
    expect(changes.filter(({ change }) => change === "atom")).toHaveLength(1);
    await world.agent("beta").work(id);
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS" });
  });

  it("P-23: an owner goes on under the same token when the board loses everything", async () => {
    const { world, id, alpha, claim, working, open } = await openHeld("b");

    await world.board.consume(id, claim.claimId); // What a wipe leaves: nothing.
    await alpha.claims.renewNow();
    open();
    await working;

    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS", token: 1 });
    expect(world.calls).toEqual(["alpha: a", "alpha: b", "alpha: c"]);
  });

  it("P-24: a suspend is seen with the next append; the journal and the board say so", async () => {
    const { world, id, working, open } = await openHeld("a");

    expect(await world.persistence.suspend(id)).toMatchObject({ asked: "requested" });
    open();
    await working;

    expect(await world.persistence.job(id)).toMatchObject({ state: "SUSPENDED" });
    expect(await world.board.exists([id])).toEqual(new Set());
    expect(world.calls).not.toContain("alpha: c");
    await world.persistence.resume(id);
  });

  it("P-24: a cancel reverts what ran, also under an owner that comes later", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const alpha = world.agent("alpha", {
      b: async () => {
        await world.persistence.cancel(id, ASKER, true);
        throw new JobrunnerError("OWNERSHIP_LOST", "cut off");
      },
    });
    await alpha.work(id);

    await world.agent("beta").work(id);

    expect(await world.persistence.job(id)).toMatchObject({ state: "CANCELLED" });
    expect(world.calls.slice(2)).toEqual(["beta: b revert", "beta: a revert"]);
  });

  it("P-24: a job whose flow is built differently now is parked, and nothing runs", async () => {
    const world = await openWorld();
    const { id } = await world.post({ flowHash: "of another flow" });

    await world.agent("alpha").work(id);

    const row = await world.persistence.job(id);
    expect(row).toMatchObject({ state: "SUSPENDED", reason: { code: "FLOW_CHANGED" } });
    expect(world.calls).toEqual([]);
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("P-24: the reason of a parked job tells no secret that its flow was built with", async () => {
    const world = await openWorld();
    const url = "https://u:hunter2@h/v1";
    const children = [{ kind: "task", name: "call", inject: { url } }] as const;
    const spec = { ...linear(), children, secrets: ["password"] };
    const params = { password: "hunter2" };
    const { id } = await world.post({ spec, params, flowHash: "of the flow as it was" });
    const now = defineFlow({
      ...{ name: "hello", version: 1, summary: "Calls somebody" },
      params: z.object({ password: z.string().meta({ secret: true }) }),
      build(f, _p, given) {
        f.task("call", { in: { url: `https://u:${given.password}@h/v2` }, execute: () => 1 });
      },
    });

    await world.agent("alpha", {}, now).work(id);

    const row = await world.persistence.job(id);
    expect(row).toMatchObject({ state: "SUSPENDED", reason: { code: "FLOW_CHANGED" } });
    expect(JSON.stringify(row?.reason)).toContain("***");
    expect(JSON.stringify(row?.reason)).not.toContain("hunter2");
  });

  it("P-25: a job whose owners die three times over the same atom is parked", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const alpha = world.agent("alpha", {
      b: () => {
        throw new JobrunnerError("RUNNER_DIED", "it takes its runner along");
      },
    });

    await alpha.work(id);

    const row = await world.persistence.job(id);
    expect(row).toMatchObject({ state: "SUSPENDED", reason: { code: "POISON" } });
    expect(row?.reason?.message).toBe("3 owners in a row died over b");
    // The first death, in a runner that others might have shared, counts against nobody.
    expect(world.calls.filter((call) => call === "alpha: b")).toHaveLength(4);
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("P-24, P-25: a cancel asked for while its last owner died is obeyed, not parked", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    let deaths = 0;
    const alpha = world.agent("alpha", {
      b: async () => {
        deaths += 1;
        if (deaths === 4) await world.persistence.cancel(id, ASKER, true);
        throw new JobrunnerError("RUNNER_DIED", "it takes its runner along");
      },
    });

    await alpha.work(id);

    expect(await world.persistence.job(id)).toMatchObject({ state: "CANCELLED" });
    expect(world.calls.slice(-2)).toEqual(["alpha: b revert", "alpha: a revert"]);
  });

  it("P-24: a cancel without reverting needs no runner that may be what is broken", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const alpha = world.agent("alpha", {
      b: async () => {
        await world.persistence.cancel(id, ASKER, false);
        throw new JobrunnerError("RUNNER_DIED", "it takes its runner along");
      },
    });

    await alpha.work(id);

    expect(await world.persistence.job(id)).toMatchObject({ state: "CANCELLED", token: 2 });
    expect(world.calls).toEqual(["alpha: a", "alpha: b"]);
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("P-25: a machine that cannot start a runner gives the job back, however often", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await owned(world.persistence, id, { boardId: world.boardId });
    let ready = false;
    const alpha = world.agent("alpha", {
      build: () => {
        if (!ready) throw new JobrunnerError("NO_RUNNER", "the package is gone");
        return null;
      },
    });

    for (let n = 0; n < 4; n += 1) {
      await alpha.work(id);
      expect(await world.claimable()).toEqual([]);
      await world.clock.advance(LEASE_MS);
    }
    expect(await world.persistence.job(id)).toMatchObject({ state: "RUNNING" });
    ready = true;
    await alpha.work(id);

    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS" });
    const ends = (await world.persistence.ownerships(id)).map(({ ended }) => ended);
    expect(ends.slice(1)).toEqual([...Array(4).fill("given-back"), "outcome"]);
  });

  it("P-35: nothing is consumed or failed while persistence is away; then it goes on", async () => {
    const { world, id, working, open } = await openHeld("a", { spec: linear("a", "b") });
    const { append } = world.persistence;
    let refusals = 0;
    world.persistence.append = (appends) => {
      refusals += 1;
      if (refusals > 3) world.persistence.append = append;
      return refusals > 3
        ? append.call(world.persistence, appends)
        : Promise.reject(new JobrunnerError("PERSISTENCE_DOWN", "away", { retryable: true }));
    };

    open();
    await working;

    expect(refusals).toBeGreaterThan(3);
    expect(world.calls).toEqual(["alpha: a", "alpha: b"]);
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS", token: 1 });
  });
});
