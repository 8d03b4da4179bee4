import { describe, expect, it } from "vitest";
import { askJob } from "../../agent/jobs/asking.js";
import type { Persistence } from "../../persistence/persistence.js";
import { newJob, raiseOf } from "../contracts/samples.js";
import { telling } from "./ended.js";
import { gate, openWorld, type World } from "./world.js";

describe("a start deadline", () => {
  it("P-44: lets an owner go on that began in time, whatever the time by then", async () => {
    const world = await openWorld();
    const startBy = world.clock.now() + 5_000;
    const { id } = await world.post({ startBy });
    const a = async (): Promise<null> => {
      await world.clock.advance(6_000);
      return null;
    };

    await world.agent("alpha", { a }).work(id);

    expect(world.calls).toEqual(["alpha: a", "alpha: b", "alpha: c"]);
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS", token: 1 });
  });

  it("P-44: ends a job whose owner comes too late; nothing of it runs, and everybody is told", async () => {
    const world = await openWorld();
    const { id } = await world.post({ startBy: world.clock.now() + 5_000 });
    await world.clock.advance(5_000);

    await world.agent("alpha").work(id);

    expect(world.calls).toEqual([]);
    const row = await world.persistence.job(id);
    expect(row).toMatchObject({ state: "CANCELLED", reason: { code: "EXPIRED" } });
    expect(await world.board.exists([id])).toEqual(new Set());
    const told = world.told.filter(({ type }) => type !== "job.claimed");
    expect(told.map(({ type }) => type)).toEqual([
      ...["job.owner", "job.cancel", "job.state", "job.finished", "job.released"],
    ]);
    expect(told[1]).toMatchObject({ failure: { code: "EXPIRED" }, token: 1, seq: 1 });
  });
});

const concurrency = { key: "disk", limit: 1 };

describe("a slot", () => {
  it("P-45: is waited for off the board, ever longer, without any owner", async () => {
    const world = await openWorld();
    const first = await world.post({ concurrency });
    await world.board.remove([first.id]);
    const raise = raiseOf(first.id, 0, { boardId: world.boardId });
    await world.persistence.raiseControlled(raise, first);
    const { id } = await world.post({ concurrency });
    const beta = world.agent("beta");

    const waits: number[] = [];
    for (let claim = 0; claim < 6; claim += 1) {
      await beta.work(id);
      expect(await world.claimable()).toEqual([]);
      waits.push((await world.board.survey()).nextInMs ?? 0);
      await world.clock.advance(waits.at(-1) ?? 0);
      expect(await world.claimable()).toEqual([id]);
    }

    expect(waits.map((ms) => Math.round(ms / 1000))).toEqual([30, 30, 60, 120, 240, 480]);
    expect(world.calls).toEqual([]);
    expect(await world.persistence.job(id)).toMatchObject({ state: "WAITING", token: 0 });
    const released = world.told.filter(({ type, job }) => type === "job.released" && job === id);
    expect(released[0]).toMatchObject({ agent: "beta", reason: "no slot of disk is free" });
  });

  it("P-45: is offered to the next job as soon as it is free: by priority, then age", async () => {
    const world = await openWorld();
    const { working, open } = await taken(world);
    const jobs = [
      await world.post({ concurrency }),
      await world.post({ concurrency, priority: 5 }),
      await world.post({ concurrency }),
    ];
    const beta = world.agent("beta");
    for (const { id } of jobs) await beta.work(id);
    expect(await world.claimable()).toEqual([]);
    open();
    await working;

    const order: string[] = [];
    for (let n = 0; n < jobs.length; n += 1) {
      const [next = "", ...others] = await world.claimable();
      expect(others).toEqual([]);
      order.push(next);
      await beta.work(next);
    }

    expect(order).toEqual([jobs[1]?.id, jobs[0]?.id, jobs[2]?.id]);
    expect(await world.claimable()).toEqual([]);
  });

  it("P-45: is offered to as many jobs as there are slots, and not to more", async () => {
    const world = await openWorld();
    const wide = { key: "disk", limit: 20 };
    const ids: string[] = [];
    for (let n = 0; n < 30; n += 1) ids.push((await world.post({ concurrency: wide })).id);
    const narrow = await world.post({ concurrency, priority: 9 });
    const first = await world.post({ concurrency: wide, priority: 8 });
    await world.board.remove([...ids, narrow.id]);
    const raise = raiseOf(narrow.id, 0, { boardId: world.boardId });
    await world.persistence.raiseControlled(raise, { concurrency });
    expect(await world.claimable()).toEqual([first.id]);

    await world.agent("alpha").work(first.id);

    expect(await world.claimable()).toEqual(ids.slice(0, 19));
  });

  it("P-45: is offered to others as well where the first of them may be more than agents can", async () => {
    const world = await openWorld();
    const { working, open } = await taken(world);
    const needs = { ...newJob().needs, clauses: [{ name: "has_gpu", args: [] }] };
    const picky = await world.post({ concurrency, priority: 5, needs });
    const plain = await world.post({ concurrency });
    const later = await world.post({ concurrency });
    const beta = world.agent("beta");
    for (const { id } of [picky, plain, later]) await beta.work(id);
    expect(await world.claimable()).toEqual([]);

    open();
    await working;

    expect(new Set(await world.claimable())).toEqual(new Set([picky.id, plain.id]));
  });

  it("P-24, P-45: is not kept by a job that is parked before anything of it ran", async () => {
    const world = await openWorld();
    const { working, open } = await taken(world);
    const parked = await world.post({ concurrency, flowHash: "of another flow" });
    const next = await world.post({ concurrency });
    const beta = world.agent("beta");
    for (const { id } of [parked, next]) await beta.work(id);
    open();
    await working;

    await beta.work(parked.id);

    expect(await world.persistence.job(parked.id)).toMatchObject({ state: "SUSPENDED" });
    expect(await world.claimable()).toEqual([next.id]);
    await beta.work(next.id);
    expect(await world.persistence.job(next.id)).toMatchObject({ state: "SUCCESS" });
  });

  it("P-45: that comes free while a job is refused is offered by whoever was refused", async () => {
    const world = await openWorld();
    const { working, open } = await taken(world);
    const { id } = await world.post({ concurrency });
    const persistence = withRaise(world.persistence, async (raise) => {
      const raised = await raise();
      open();
      await working; // Its owner looks for who waits, and finds a claim that is still held.
      return raised;
    });

    await world.agent("beta", {}, undefined, { persistence }).work(id);

    expect(await world.persistence.job(id)).toMatchObject({ state: "WAITING", token: 0 });
    expect(await world.claimable()).toEqual([id]);
  });

  it("P-22, P-45: stays with a job that is handed over, and with its next owner", async () => {
    const world = await openWorld();
    const { id } = await world.post({ concurrency });
    const other = await world.post({ concurrency });
    const { body, entered, open } = gate();
    const alpha = world.agent("alpha", { a: body });
    const working = alpha.work(id);
    await entered;
    alpha.leaving.abort();
    open();
    await working;
    const beta = world.agent("beta");

    await beta.work(other.id);
    expect(world.calls).toEqual(["alpha: a"]);
    await beta.work(id);
    expect(world.calls).toEqual(["alpha: a", "beta: b", "beta: c"]);
    expect(await world.claimable()).toEqual([other.id]);
  });

  it("P-24, P-45: of a suspended job is offered when that is cancelled without an owner", async () => {
    const world = await openWorld();
    const { id } = await world.post({ concurrency });
    const other = await world.post({ concurrency });
    const { body, entered, open } = gate();
    const alpha = world.agent("alpha", { a: body });
    const working = alpha.work(id);
    await entered;
    await world.persistence.suspend(id);
    alpha.control.request("suspend");
    open();
    await working;
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUSPENDED" });
    await world.agent("beta").work(other.id);
    expect(await world.claimable()).toEqual([]);

    await askJob(telling(world), id, { verb: "cancel", revert: false });

    expect(await world.claimable()).toEqual([other.id]);
  });

  it("P-44, P-45: is not waited for longer than a job may wait for its start", async () => {
    const world = await openWorld();
    const { working, open } = await taken(world);
    const startBy = world.clock.now() + 5_000;
    const { id } = await world.post({ concurrency, startBy });
    const beta = world.agent("beta");
    await beta.work(id);
    await world.clock.advance(5_000);

    await beta.work(id);

    expect(await world.persistence.job(id)).toMatchObject({ reason: { code: "EXPIRED" } });
    open();
    await working;
    expect(world.calls).toEqual(["alpha: a", "alpha: b", "alpha: c"]);
  });
});

/** A job that alpha owns and holds in the middle, with the only slot. */
async function taken(
  world: World,
): Promise<{ readonly working: Promise<void>; readonly open: () => void }> {
  const { id } = await world.post({ concurrency });
  const { body, entered, open } = gate();
  const working = world.agent("alpha", { b: body }).work(id);
  await entered;
  return { working, open };
}

type RaiseControlled = Persistence["raiseControlled"];

/** The same persistence for one agent, to whose raises something happens. */
function withRaise(
  persistence: Persistence,
  raised: (raise: () => ReturnType<RaiseControlled>) => ReturnType<RaiseControlled>,
): Persistence {
  const raiseControlled: RaiseControlled = (...asked) =>
    raised(() => persistence.raiseControlled(...asked));
  return new Proxy(persistence, {
    get(target, name: keyof Persistence) {
      if (name === "raiseControlled") return raiseControlled;
      const value: unknown = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
