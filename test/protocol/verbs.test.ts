import { describe, expect, it } from "vitest";
import { releaseJob } from "../../agent/jobs/verbs/releasing.js";
import { removeJob } from "../../agent/jobs/verbs/removing.js";
import { reprioritiseJob } from "../../agent/jobs/verbs/reprioritising.js";
import { JobrunnerError } from "../../common/error.js";
import type { JobView } from "../../common/wire.js";
import { failed, telling } from "./ended.js";
import { openHeld } from "./held.js";
import { gate, LEASE_MS, linear, openWorld, type World } from "./world.js";

describe("release", () => {
  it("P-40: gives the job of a hung owner to the next one at once; the old one stops", async () => {
    const { world, id, working, open } = await openHeld("b");

    const view = await release(world, id, 1);
    expect(view).toMatchObject({ id, state: "RUNNING", agent: "alpha" });
    expect(await world.claimable()).toEqual([id]);
    await world.agent("beta").work(id); // No lease has run out: no time has passed at all.

    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS" });
    open("late");
    await working;
    expect(world.calls.filter((call) => call === "alpha: c")).toEqual([]);
    const entries = await world.persistence.load(id);
    expect(new Set(entries.slice(-2).map(({ token }) => token))).toEqual(new Set([3]));
  });

  it("P-40: stops a living owner with its next renewal, and leaves its body no more to write", async () => {
    const { world, id, working } = await openHeld("b");

    await release(world, id);
    await world.clock.advance(LEASE_MS / 4);
    await working; // The body of b ends only because its claim is lost.

    expect(await world.persistence.job(id)).toMatchObject({ state: "RUNNING", token: 2 });
    expect(await world.claimable()).toEqual([id]);
  });

  it("P-40: takes the job of a dead owner, whose lease would have to run out", async () => {
    const { world, id, alpha } = await openHeld("b");
    await alpha.claims[Symbol.asyncDispose]();
    expect(await world.claimable()).toEqual([]);

    await release(world, id);

    expect(await world.claimable()).toEqual([id]);
    await world.agent("beta").work(id);
    expect(world.calls.slice(2)).toEqual(["beta: b", "beta: c"]);
  });

  it("P-40: is told once by who was asked, and by the owner when it hears of it", async () => {
    const { world, id, working, open } = await openHeld("b");

    await release(world, id, 1);
    await release(world, id, 1);
    open();
    await working;

    const told = world.told.filter(({ type }) => /released|lost/.test(type));
    expect(told).toMatchObject([
      { agent: "asker", type: "job.released", job: id, reason: "taken from alpha: hangs" },
      { agent: "alpha", type: "job.lost", job: id },
    ]);
  });

  it("P-40: is refused when nobody owns the job, or another one by now", async () => {
    const world = await openWorld();
    const { id } = await world.post();

    await expect(release(world, id)).rejects.toMatchObject({
      code: "CONFLICT",
      message: `job ${id} is WAITING: nobody owns it`,
    });
    const { entered, open, body } = gate();
    const working = world.agent("alpha", { b: body }).work(id);
    await entered;
    await expect(release(world, id, 7)).rejects.toMatchObject({
      message: `job ${id} belongs to alpha by now`,
    });
    open();
    await working;
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS" });
  });

  it("P-40: leaves the claim alone with which the same agent took the job again", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const [first, second] = [gate(), gate()];
    let calls = 0;
    const alpha = world.agent("alpha", {
      b: (hooks) => ((calls += 1) === 1 ? first : second).body(hooks),
    });
    const working = alpha.work(id);
    await first.entered;
    const { job, release: raise } = world.persistence;
    let again: Promise<void> | undefined;
    world.persistence.release = async (...asked) => {
      const released = await raise.apply(world.persistence, asked);
      world.persistence.job = async (...read) => {
        world.persistence.job = job;
        first.open(); // Its entry is refused, so it gives its claim back.
        await working;
        again = alpha.work(id);
        await second.entered;
        return job.apply(world.persistence, read);
      };
      return released;
    };

    await release(world, id, 1);

    expect(await world.claimable()).toEqual([]);
    second.open();
    await again;
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS", token: 3 });
  });

  it("P-40: frees no claim when it is asked again", async () => {
    const { world, id, alpha, working, open } = await openHeld("b");
    await release(world, id, 1);
    open();
    await working;
    const claim = await alpha.claim(id);

    await release(world, id, 1);
    await release(world, id);

    expect(await world.claimable()).toEqual([]);
    await alpha.execute(claim);
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS" });
  });

  it("P-40: takes nothing while the board cannot tell which claim it would free", async () => {
    const { world, id, working, open } = await openHeld("b");
    const { held } = world.board;
    world.board.held = () => Promise.reject(new JobrunnerError("BOARD_DOWN", "away"));

    await expect(release(world, id)).rejects.toMatchObject({ code: "BOARD_DOWN" });

    world.board.held = held;
    open();
    await working;
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS", token: 1 });
  });

  it("P-40: is durable when the board is away by then, and the sweep is told", async () => {
    const { world, id, working, open } = await openHeld("b");
    const { abandon } = world.board;
    world.board.abandon = () => Promise.reject(new JobrunnerError("BOARD_DOWN", "away"));
    let failures = 0;

    await releaseJob({ ...telling(world), onPutFailed: () => (failures += 1) }, id, {});

    world.board.abandon = abandon;
    expect(failures).toBe(1);
    open(); // Its claim is as it was: it hears of it with its next entry.
    await working;
    expect(await world.persistence.job(id)).toMatchObject({ state: "RUNNING", token: 2 });
    expect(await world.claimable()).toEqual([id]);
  });
});

describe("delete", () => {
  it("P-41: removes a job that is over, and refuses any other with its state", async () => {
    const world = await openWorld();
    const id = await failed(world, linear("a", "b"));
    const { id: waiting } = await world.post();

    for (const part of [id.slice(0, 13), id.slice(-12)]) {
      await expect(removeJob(telling(world), part)).rejects.toMatchObject({
        code: "NOT_FOUND",
        hint: expect.stringContaining("whole ids") as string,
      });
    }
    await removeJob(telling(world), id.toUpperCase());

    expect(await world.persistence.job(id)).toBeUndefined();
    await expect(removeJob(telling(world), id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(removeJob(telling(world), waiting)).rejects.toMatchObject({
      code: "CONFLICT",
      message: `job ${waiting} is WAITING: it cannot be deleted`,
    });
  });
});

describe("reprioritise", () => {
  it("P-42: moves a waiting job in front of others, durably", async () => {
    const world = await openWorld();
    const [{ id: one }, { id: two }] = [await world.post(), await world.post()];

    expect(await reprioritiseJob(telling(world), two, 5)).toMatchObject({ priority: 5 });

    expect(await world.claimable()).toEqual([two, one]);
    expect(await world.persistence.job(two)).toMatchObject({ priority: 5, state: "WAITING" });
  });

  it("P-42: puts a job that the board had lost, with its new priority, and none twice", async () => {
    const world = await openWorld();
    const [{ id: one }, { id: two }] = [await world.post(), await world.post()];
    await world.board.remove([two]);

    await reprioritiseJob(telling(world), two, 5);

    expect(await world.claimable()).toEqual([two, one]);
  });

  it("P-42: tells the board what the row says in the end, whoever asks at the same time", async () => {
    const world = await openWorld();
    const [{ id: one }, { id: two }] = [await world.post(), await world.post()];
    const { reprioritise } = world.board;
    let late = true;
    world.board.reprioritise = async (id, priority) => {
      if (late) await world.persistence.reprioritise(two, -5);
      late = false;
      await reprioritise.call(world.board, id, priority);
    };

    await reprioritiseJob(telling(world), two, 5);

    expect(await world.claimable()).toEqual([one, two]);
  });

  it("P-42: says so when the board does not hear of it, and tells it when asked again", async () => {
    const world = await openWorld();
    const [{ id: one }, { id: two }] = [await world.post(), await world.post()];
    const { reprioritise } = world.board;
    world.board.reprioritise = () => Promise.reject(new JobrunnerError("BOARD_DOWN", "away"));

    await expect(reprioritiseJob(telling(world), two, 5)).rejects.toMatchObject({
      ...{ code: "BOARD_DOWN", retryable: true },
      hint: expect.stringContaining("again") as string,
    });
    expect(await world.persistence.job(two)).toMatchObject({ priority: 5 });
    expect(await world.claimable()).toEqual([one, two]);

    world.board.reprioritise = reprioritise;
    await reprioritiseJob(telling(world), two, 5);
    expect(await world.claimable()).toEqual([two, one]);
  });

  it("P-42: is refused for a job that does not wait", async () => {
    const world = await openWorld();
    const id = await failed(world, linear("a", "b"));

    await expect(reprioritiseJob(telling(world), id, 5)).rejects.toMatchObject({
      code: "CONFLICT",
      message: `job ${id} is REVERTED: it cannot be reprioritised`,
    });
  });
});

function release(world: World, id: string, token?: number): Promise<JobView> {
  return releaseJob(telling(world), id, token === undefined ? {} : { token, reason: "hangs" });
}
