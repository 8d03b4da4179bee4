import { describe, expect, it } from "vitest";
import { type AgentOptions, MINUTE, openCluster } from "./cluster.js";

const HOUR = 60 * MINUTE;

/** From when the deadlines of an agent's jobs count. */
function counting() {
  const from: (number | undefined)[] = [];
  const post: NonNullable<AgentOptions["post"]> =
    (given) =>
    (...asked) => {
      from.push(asked[3]);
      return given(...asked);
    };
  return { from, post };
}

const iso = (ms: number): string => new Date(ms).toISOString();

describe("a start deadline of a schedule (P-44)", () => {
  it.each(["none", "all"] as const)("counts from each due time: %s", async (catchUp) => {
    const { clock, agent, make } = await openCluster();
    const start = clock.now();
    await make(catchUp, "* * * * *", "30s");
    const { from, post } = counting();
    agent({ post, chance: 0.9 }).start();

    await clock.advance(3 * MINUTE + 5_000);

    expect(from).toEqual([1, 2, 3].map((n) => start + n * MINUTE));
  });

  it("counts from the newest due time where one job is for all, as long as that is in time", async () => {
    const { clock, agent, make, posted, schedules } = await openCluster();
    await make("one", "@hourly", "10m");
    const due = Math.floor(clock.now() / HOUR) * HOUR + HOUR;
    await clock.advance(due + 2 * HOUR + 5 * MINUTE - clock.now());
    const { from, post } = counting();
    const scheduler = agent({ post });

    await scheduler.look();
    await clock.advance(HOUR + 6 * MINUTE);
    await scheduler.look();

    expect(from).toEqual([due + 2 * HOUR]);
    expect(await posted()).toEqual([due]);
    const skipped = { from: iso(due + 3 * HOUR), to: iso(due + 3 * HOUR) };
    const dues = { lastDueAt: iso(due + 2 * HOUR), dueAt: iso(due + 4 * HOUR) };
    expect(await schedules.show("tick")).toMatchObject({ skipped, ...dues });
  });
});
