import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import { appended, appendOf, owned, raiseOf } from "../contracts/samples.js";
import { openHeld } from "./held.js";
import { LEASE_MS, linear, openWorld } from "./world.js";

describe("taking a job", () => {
  it("P-4: a claim whose answer was lost is asked for again under the same claimId", async () => {
    const { board, post } = await openWorld();
    const { id } = await post();

    expect(await board.claim(id, "alpha.1")).toBe("claimed");
    expect(await board.claim(id, "alpha.1")).toBe("claimed");
    expect(await board.claim(id, "alpha.2")).toBe("taken");
  });

  it("P-5: an entry whose job is over is dropped, and nothing runs", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const who = { owner: "person.1", agent: "person", machine: "m" };
    await world.persistence.cancel(id, who, true);

    await world.agent("alpha").work(id);

    expect(world.calls).toEqual([]);
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("P-5: a job that was resumed while its entry was dropped is put back", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await world.persistence.suspend(id);
    const alpha = world.agent("alpha");
    const claim = await alpha.claim(id);
    const { consume } = world.board;
    world.board.consume = async (job, claimId) => {
      await consume.call(world.board, job, claimId);
      await world.persistence.resume(id); // Between the drop and the second look.
    };

    await alpha.execute(claim);

    expect(await world.claimable()).toEqual([id]);
  });

  it("P-5, P-36: a job that is not due by the database's clock waits until it is", async () => {
    const world = await openWorld();
    const { id } = await world.post({ runAt: world.clock.now() + 60_000 });

    await world.agent("alpha").work(id);

    expect(world.calls).toEqual([]);
    expect(await world.claimable()).toEqual([]);
    await world.clock.advance(60_000);
    expect(await world.claimable()).toEqual([id]);
  });

  it("P-6: a claim that has grown stale before the raise is given back unraised", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const alpha = world.agent("alpha");
    const claim = await alpha.claim(id);
    world.clock.jumpWall(LEASE_MS); // The machine slept.

    await alpha.execute(claim);

    expect(await world.persistence.job(id)).toMatchObject({ token: 0, state: "WAITING" });
    expect(await world.claimable()).toEqual([id]);
  });

  it("P-6, P-25: a claim that has grown stale during the raise is given back, and says so", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await owned(world.persistence, id, { boardId: world.boardId });
    const { raise } = world.persistence;
    world.persistence.raise = async (wanted) => {
      const token = await raise.call(world.persistence, wanted);
      world.clock.jumpWall(LEASE_MS); // The machine slept.
      return token;
    };

    await world.agent("alpha").work(id);

    const ownerships = await world.persistence.ownerships(id);
    expect(ownerships.map(({ ended }) => ended)).toEqual([undefined, "given-back"]);
    expect(world.calls).toEqual([]);
  });

  it("P-7: a raise that arrives late never applies after another ownership began", async () => {
    const { persistence, post, boardId } = await openWorld();
    const { id } = await post();
    const late = raiseOf(id, 0, { boardId });

    expect(await persistence.raise(raiseOf(id, 0, { boardId }))).toBe(1);
    expect(await persistence.raise(late)).toBeUndefined();
  });

  it("P-8: what was accepted before the raise is loaded, what comes after is refused", async () => {
    const { persistence, post, boardId } = await openWorld();
    const { id } = await post();
    const first = await owned(persistence, id, { boardId });
    await appended(persistence, appendOf(first, 1));

    await owned(persistence, id, { boardId });
    const loaded = await persistence.load(id);
    const late = await appended(persistence, appendOf(first, 2));

    expect(loaded).toHaveLength(1);
    expect(late).toEqual({ accepted: false });
    expect(await persistence.load(id)).toEqual(loaded);
  });

  it("P-9: a runner that died is a new ownership under the same claim", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    let deaths = 0;
    const alpha = world.agent("alpha", {
      b: () => {
        deaths += 1;
        if (deaths === 1) throw new JobrunnerError("RUNNER_DIED", "killed in the middle");
        return null;
      },
    });

    await alpha.work(id);

    expect(world.calls).toEqual(["alpha: a", "alpha: b", "alpha: b", "alpha: c"]);
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS", token: 2 });
    const ownerships = await world.persistence.ownerships(id);
    expect(ownerships.map(({ ended }) => ended)).toEqual(["runner-died", "outcome"]);
  });

  it("P-10: a journal that has its end runs nothing; the row gets its state", async () => {
    const world = await openWorld();
    const { persistence, boardId } = world;
    const { id } = await world.post({ spec: linear("a") });
    const before = await owned(persistence, id, { boardId });
    const end = [
      { change: "flow", to: "RUNNING" },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "SUCCESS", result: 1 },
      { change: "flow", to: "SUCCESS" },
    ] as const;
    await appended(persistence, appendOf(before, 1, { changes: end })); // Without the state.
    expect(await persistence.job(id)).toMatchObject({ state: "RUNNING" });

    await world.agent("beta").work(id);

    expect(world.calls).toEqual([]);
    expect(await persistence.job(id)).toMatchObject({ state: "SUCCESS" });
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("P-11: a lone flow of three tasks is four commits, its raise included", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const commits: number[] = [];
    const { append } = world.persistence;
    world.persistence.append = (appends) => {
      commits.push(appends.length);
      return append.call(world.persistence, appends);
    };
    world.persistence.raise = () => Promise.reject(new Error("the raise rides along"));

    await world.agent("alpha").work(id);

    expect(commits).toEqual([1, 1, 1, 1]);
    expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS", token: 1 });
  });

  it("P-18: a job never has two appends under way", async () => {
    const world = await openWorld();
    const spec = { ...linear("a", "b", "c"), pattern: "unordered" } as const;
    const { id } = await world.post({ spec });
    let inFlight = 0;
    let most = 0;
    const { append } = world.persistence;
    world.persistence.append = async (appends) => {
      inFlight += appends.length;
      most = Math.max(most, inFlight);
      const verdicts = await append.call(world.persistence, appends);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= appends.length;
      return verdicts;
    };

    await world.agent("alpha").work(id);

    expect(most).toBe(1);
    const seqs = (await world.persistence.load(id)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });

  it("P-12, P-13: a body's outcome that comes after a take-over is refused", async () => {
    const { world, id, working, open } = await openHeld("a");
    const other = await owned(world.persistence, id, { boardId: world.boardId });

    open(1);
    await working;

    expect(await world.persistence.load(id)).toHaveLength(1);
    expect(await world.persistence.job(id)).toMatchObject({ token: other.token });
    expect(world.calls).toEqual(["alpha: a"]);
  });

  it.each([
    ["was never owned", false],
    ["was owned before", true],
  ])("P-30: a job that %s waits while the cluster uses another board", async (_, ran) => {
    const world = await openWorld();
    const { id } = await world.post();
    if (ran) await owned(world.persistence, id, { boardId: world.boardId });
    await world.persistence.setBoardId(world.boardId, "another board");
    const alpha = world.agent("alpha");

    await alpha.work(id);

    expect(alpha.doubts).toBe(1);
    expect(world.calls).toEqual([]);
    expect(await world.claimable()).toEqual([]); // Not at once again, and again.
    await world.clock.advance(2_000);
    expect(await world.claimable()).toEqual([id]);
  });
});
