import { describe, expect, it } from "vitest";
import { askJob } from "../../agent/jobs/asking.js";
import type { FlowSpec } from "../../engine/flow.js";
import pino from "pino";
import { gate, linear, openWorld } from "./world.js";

const OTHER = linear("a", "b", "something new");

describe("an agent whose copy of the flow is another one (P-38)", () => {
  it("leaves a new job to the agents that have the right one, and says why it waits", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const wrong = world.agent("wrong", {}, () => OTHER);

    await wrong.work(id);

    expect(await world.claimable()).toEqual([id]);
    const row = await world.persistence.job(id);
    expect(row).toMatchObject({ state: "WAITING", token: 0, reason: { code: "FLOW_CHANGED" } });
    expect(row?.reason?.message).toContain("agent wrong does not have the flow");
    await world.agent("right").work(id);
    const ended = await world.persistence.job(id);
    expect(ended).toMatchObject({ state: "SUCCESS" });
    expect(ended?.reason).toBeUndefined();
    expect(world.calls).toEqual(["right: a", "right: b", "right: c"]);
  });

  it("leaves a job that is under way too, and counts as no death however often", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await handedOver(world, id);
    for (let times = 0; times < 4; times += 1) {
      await world.agent(`wrong-${times}`, {}, () => OTHER).work(id);
    }

    const row = await world.persistence.job(id);
    expect(row).toMatchObject({ state: "RUNNING", reason: { code: "FLOW_CHANGED" } });
    await world.agent("right").work(id);
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS" });
  });

  it("looks again after a while that doubles, without a token for each look", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await handedOver(world, id);
    let copy: FlowSpec | undefined = OTHER;
    const wrong = world.agent("wrong", {}, () => copy);
    await wrong.work(id);
    expect(wrong.refusals.passesOver(id)).toBe(true);
    await world.clock.advance(2_000);
    expect(wrong.refusals.passesOver(id)).toBe(false);

    await wrong.work(id);
    await world.clock.advance(2_000);
    expect(wrong.refusals.passesOver(id)).toBe(true);
    await world.clock.advance(2_000);
    expect(wrong.refusals.passesOver(id)).toBe(false);
    expect(await world.persistence.job(id)).toMatchObject({ token: 2 });

    copy = undefined; // Its runner was started again, and loaded the right file.
    await wrong.work(id);
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS", token: 3 });
    expect(wrong.refusals.size).toBe(0);
  });

  it("ends a job that is cancelled without reverting all the same", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await handedOver(world, id);
    const wrong = world.agent("wrong", {}, () => OTHER);
    await wrong.work(id);

    const { persistence, board } = world;
    const identity = { agent: "p", machine: "m", incarnation: "p" };
    const telling = { onPutFailed: () => undefined, requested: () => undefined };
    const log = pino({ level: "silent" });
    const parts = { persistence, board, identity, log, ...telling };
    await askJob(parts, id, { verb: "cancel", revert: false });
    await wrong.work(id);

    expect(await persistence.job(id)).toMatchObject({ state: "CANCELLED" });
  });
});

async function handedOver(world: Awaited<ReturnType<typeof openWorld>>, id: string): Promise<void> {
  const { entered, open, body } = gate();
  const first = world.agent("first", { a: body });
  const working = first.work(id);
  await entered;
  first.leaving.abort();
  open();
  await working;
}
