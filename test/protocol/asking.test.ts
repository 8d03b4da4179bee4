import pino from "pino";
import { describe, expect, it } from "vitest";
import { type Ask, askJob } from "../../agent/jobs/asking.js";
import { JobrunnerError } from "../../common/error.js";
import { openHeld } from "./held.js";
import { LEASE_MS, openWorld, type World, type WorldAgent } from "./world.js";

const CANCEL: Ask = { verb: "cancel", revert: true };
const SUSPEND: Ask = { verb: "suspend", revert: true };
const RESUME: Ask = { verb: "resume", revert: true };

describe("what people ask of a job (P-24)", () => {
  it("is obeyed at once when the agent that is asked owns the job", async () => {
    const { world, id, alpha, working } = await openHeld("b");

    const { done, view } = await ask(world, id, CANCEL, alpha);
    await working; // The body of b ends only because it was told: no append, no time passes.

    expect([done, view.request, view.agent]).toEqual([false, "cancel", "alpha"]);
    expect(await world.persistence.job(id)).toMatchObject({ state: "CANCELLED" });
    expect(world.calls.slice(2)).toEqual(["alpha: b revert", "alpha: a revert"]);
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("is learned with the next append when another agent owns the job", async () => {
    const { world, id, working, open } = await openHeld("a");

    await ask(world, id, SUSPEND);
    open();
    await working;

    expect(await world.persistence.job(id)).toMatchObject({ state: "SUSPENDED" });
    expect(world.calls).not.toContain("alpha: c");
    expect(await ask(world, id, RESUME)).toMatchObject({ done: true, view: { state: "WAITING" } });
    expect(await world.claimable()).toEqual([id]);
    await world.agent("beta").work(id);
    expect(world.calls.at(-1)).toBe("beta: c");
  });

  it("is obeyed by the next owner when the last one is dead", async () => {
    const { world, id, alpha } = await openHeld("b");
    await alpha.claims[Symbol.asyncDispose](); // Nothing renews its claim any more.

    await ask(world, id, CANCEL);
    expect(await world.claimable()).toEqual([]);
    await world.clock.advance(LEASE_MS);
    await world.agent("beta").work(id);

    expect(await world.persistence.job(id)).toMatchObject({ state: "CANCELLED" });
    expect(world.calls.slice(2)).toEqual(["beta: b revert", "beta: a revert"]);
  });

  it("is obeyed by the next owner when the last one is cut off from persistence", async () => {
    const { world, id, alpha, working, open } = await openHeld("b");
    const { append } = world.persistence;
    world.persistence.append = () => Promise.reject(new JobrunnerError("PERSISTENCE_DOWN", "away"));

    open();
    await ask(world, id, CANCEL);
    alpha.claims.loseAll("persistence has not answered for too long");
    await working;
    world.persistence.append = append;
    await world.agent("beta").work(id);

    expect(await world.persistence.job(id)).toMatchObject({ state: "CANCELLED" });
    expect(world.calls.slice(2)).toEqual(["beta: b revert", "beta: a revert"]);
  });

  it("takes a job that waits off the board, and puts it back when it is resumed", async () => {
    const world = await openWorld();
    const { id } = await world.post();

    expect(await ask(world, id, SUSPEND)).toMatchObject({ done: true });
    expect(await world.board.exists([id])).toEqual(new Set());
    await ask(world, id, RESUME);

    expect(await world.claimable()).toEqual([id]);
  });

  it("puts a job on the board that somebody has to revert", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await parked(world, id);
    expect(await world.board.exists([id])).toEqual(new Set());

    expect(await ask(world, id, CANCEL)).toMatchObject({ done: false });

    expect(await world.claimable()).toEqual([id]);
  });

  it("ends a parked job at once when nothing is to be reverted", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await parked(world, id);

    const { done, view } = await ask(world, id, { verb: "cancel", revert: false });

    expect([done, view.state]).toEqual([true, "CANCELLED"]);
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("leaves an owner that the board forgot one lease to take its claim again", async () => {
    const { world, id, claim, working, open } = await openHeld("a");
    await world.board.consume(id, claim.claimId);

    await ask(world, id, SUSPEND);

    expect(await world.claimable()).toEqual([]);
    open();
    await working;
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUSPENDED" });
  });

  it("is durable when the board is away, and the sweep is told", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await ask(world, id, SUSPEND);
    world.board.put = () => Promise.reject(new JobrunnerError("BOARD_DOWN", "away"));
    let failures = 0;

    await askJob({ ...parts(world), onPutFailed: () => (failures += 1) }, id, RESUME);

    expect(failures).toBe(1);
    expect(await world.persistence.job(id)).toMatchObject({ state: "WAITING" });
  });
});

function ask(world: World, id: string, what: Ask, agent?: WorldAgent) {
  const requested: Parameters<typeof askJob>[0]["requested"] = (_job, request) =>
    agent?.control.request(request);
  return askJob({ ...parts(world), requested }, id, what);
}

function parts({ persistence, board }: World) {
  return {
    ...{ persistence, board, log: pino({ level: "silent" }) },
    identity: { agent: "asked", machine: "machine-asked", incarnation: "asked" },
    onPutFailed: () => undefined,
    requested: () => undefined,
    tell: () => undefined,
  };
}

async function parked(world: World, id: string): Promise<void> {
  const dies = () => {
    throw new JobrunnerError("RUNNER_DIED", "it takes its runner along");
  };
  await world.agent("unlucky", { b: dies }).work(id);
  expect(await world.persistence.job(id)).toMatchObject({ state: "SUSPENDED" });
}
