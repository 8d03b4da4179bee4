import { describe, expect, it } from "vitest";
import { openWorld } from "./world.js";

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
