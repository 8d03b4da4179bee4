import { describe, expect, it } from "vitest";
import { CAUGHT_UP_MAX } from "../../agent/schedules/decide.js";
import { AGAIN_MS, LOOK_EVERY_MS } from "../../agent/schedules/scheduler.js";
import { JobrunnerError } from "../../common/error.js";
import { MINUTE, openCluster } from "./cluster.js";

const HOUR = 60 * MINUTE;

describe("a schedule", () => {
  it("posts one job for each due time, however many agents look", async () => {
    const { clock, agent, make, posted } = await openCluster();
    const start = clock.now();
    await make("one");
    for (const chance of [0, 0, 0.5]) agent({ chance }).start();

    await clock.advance(10 * MINUTE + 5_000);

    expect(await posted()).toEqual(minutes(start, 1, 10));
  });

  it("that is due has its job when the first look is over", async () => {
    const { clock, agent, make, posted } = await openCluster();
    const start = clock.now();
    await make("one");
    await clock.advance(MINUTE);
    const late = agent();

    late.start();
    await late.looked;

    expect(await posted()).toEqual([start + MINUTE]);
  });

  it("is fired by an agent that has not heard of it, by the next look", async () => {
    const { clock, agent, make, posted } = await openCluster();
    agent().start();
    await clock.advance(1_000);
    const start = clock.now();
    await make("none");

    await clock.advance(MINUTE + LOOK_EVERY_MS);

    expect(await posted()).toEqual([Math.ceil(start / MINUTE) * MINUTE]);
  });

  it("loses nothing and doubles nothing when an agent dies before it moves the due time on", async () => {
    const { clock, agent, make, posted, persistence } = await openCluster();
    const start = clock.now();
    await make("all");
    const dying = agent({ advance: () => new Promise(() => undefined) });
    await clock.advance(MINUTE);
    void dying.look();
    await clock.advance(0);
    expect(await posted()).toEqual([start + MINUTE]);
    expect(await persistence.schedules.get("tick")).toMatchObject({ dueAt: start + MINUTE });

    agent().start();
    await clock.advance(2 * MINUTE);

    expect(await posted()).toEqual(minutes(start, 1, 3));
  });

  it("loses nothing when an agent dies before it posts", async () => {
    const { clock, agent, make, posted } = await openCluster();
    const start = clock.now();
    await make("none");
    const dying = agent({ post: () => () => new Promise(() => undefined) });
    await clock.advance(MINUTE);
    void dying.look();

    agent().start();
    await clock.advance(MINUTE);

    expect(await posted()).toEqual(minutes(start, 1, 2));
  });

  it("posts nothing while it is paused, and skips what came due then", async () => {
    const { clock, agent, make, posted, schedules } = await openCluster();
    const start = clock.now();
    await make("all");
    const scheduler = agent();
    scheduler.start();
    await clock.advance(2 * MINUTE);

    expect(await schedules.pause("tick")).toMatchObject({ paused: true });
    await clock.advance(10 * MINUTE + 10_000);
    const resumed = await schedules.resume("tick");
    scheduler.wake();
    await clock.advance(MINUTE);

    expect(resumed).toMatchObject({ paused: false, dueAt: iso(start + 13 * MINUTE) });
    expect(await posted()).toEqual([...minutes(start, 1, 2), start + 13 * MINUTE]);
  });

  it("reads a little and writes nothing between its due times", async () => {
    const { clock, agent, make, persistence } = await openCluster();
    await make("one", "0 3 * * *");
    let looks = 0;
    const { due } = persistence.schedules;
    Object.assign(persistence.schedules, {
      due: () => {
        looks += 1;
        return due();
      },
    });
    const writes = (): Promise<unknown> => Promise.reject(new Error("an idle agent wrote"));
    Object.assign(persistence.schedules, { advance: writes, complain: writes });
    agent().start();

    await clock.advance(HOUR);

    expect(looks).toBeLessThanOrEqual(HOUR / LOOK_EVERY_MS + 1);
  });
});

describe("what was missed while no agent was up", () => {
  it("is skipped by none but for the newest within the grace, and that is told", async () => {
    const { clock, agent, make, posted, schedules, log } = await openCluster();
    const start = clock.now();
    await make("none");
    await clock.advance(10 * MINUTE + 30_000);

    agent().start();
    await clock.advance(0);

    expect(await posted()).toEqual([start + 10 * MINUTE]);
    const skipped = { from: iso(start + MINUTE), to: iso(start + 9 * MINUTE) };
    expect(await schedules.show("tick")).toMatchObject({
      ...{ skipped, lastDueAt: iso(start + 10 * MINUTE), dueAt: iso(start + 11 * MINUTE) },
    });
    expect(log.filter((line) => line.includes(skipped.from))).toHaveLength(1);
  });

  it("is one job by one, also when the agent that posted it died and time went on", async () => {
    const { clock, agent, make, posted, schedules } = await openCluster();
    const start = clock.now();
    await make("one");
    await clock.advance(10 * MINUTE);
    void agent({ advance: () => new Promise(() => undefined) }).look();
    await clock.advance(2 * MINUTE + 1_000);

    agent().start();
    await clock.advance(0);

    // One for what was due when it was posted, and one for what came since.
    expect(await posted()).toEqual([start + MINUTE, start + 11 * MINUTE]);
    expect(await schedules.show("tick")).toMatchObject({
      ...{ lastDueAt: iso(start + 12 * MINUTE), dueAt: iso(start + 13 * MINUTE) },
    });
  });

  it("is one job each by all, with many agents at it", async () => {
    const { clock, agent, make, posted } = await openCluster();
    const start = clock.now();
    await make("all");
    await clock.advance(30 * MINUTE);

    for (const chance of [0, 0, 0.01]) agent({ chance }).start();
    await clock.advance(20_000);

    expect(await posted()).toEqual(minutes(start, 1, 30));
  });

  it("is bounded by all: the oldest are dropped, and that is told", async () => {
    const { clock, agent, make, posted, schedules } = await openCluster();
    const start = clock.now();
    await make("all");
    await clock.advance(5 * HOUR);

    agent().start();
    for (let n = 0; n < 20; n += 1) await clock.advance(0);

    const first = 300 - CAUGHT_UP_MAX + 1;
    expect(await posted()).toEqual(minutes(start, first, 300));
    expect(await schedules.show("tick")).toMatchObject({
      skipped: { from: iso(start + MINUTE), to: iso(start + (first - 1) * MINUTE) },
    });
  });

  it("is not called skipped when a job of an agent that died is there", async () => {
    const { clock, agent, make, posted, schedules } = await openCluster();
    const start = clock.now();
    const id = await make("none", "@hourly");
    await clock.advance(HOUR);
    void agent({ advance: () => new Promise(() => undefined) }).look();
    await clock.advance(10 * MINUTE);

    agent().start();
    await clock.advance(0);

    expect(await posted()).toEqual([start + HOUR]);
    const shown = await schedules.show("tick");
    expect(shown).toMatchObject({ id, lastDueAt: iso(start + HOUR), dueAt: iso(start + 2 * HOUR) });
    expect(shown).not.toHaveProperty("skipped");
  });
});

describe("a job that cannot be posted", () => {
  const unknown = () => () =>
    Promise.reject(new JobrunnerError("UNKNOWN_FLOW", 'there is no flow "hello"'));

  it("is tried again, and meanwhile the schedule says why", async () => {
    const { clock, agent, make, posted, schedules, log } = await openCluster();
    const start = clock.now();
    await make("all");
    let broken = true;
    agent({
      post:
        (post) =>
        (...given) =>
          broken ? unknown()() : post(...given),
    }).start();

    await clock.advance(MINUTE + AGAIN_MS - 1);
    expect(await schedules.show("tick")).not.toHaveProperty("trouble");
    await clock.advance(3 * AGAIN_MS);
    expect(await schedules.show("tick")).toMatchObject({
      trouble: "no agent that is up has flow hello",
      dueAt: iso(start + MINUTE),
    });
    expect(log.filter((line) => line.includes("cannot post"))).toHaveLength(1);
    broken = false;
    await clock.advance(2 * MINUTE);

    expect(await posted()).toEqual(minutes(start, 1, 3));
    expect(await schedules.show("tick")).not.toHaveProperty("trouble");
  });

  it("is posted by the agent that has its flow, and nobody complains", async () => {
    const { clock, agent, make, posted, log } = await openCluster();
    const start = clock.now();
    await make("none");
    agent({ post: unknown }).start();
    agent({ chance: 0.9 }).start();

    await clock.advance(5 * MINUTE + 5_000);

    expect(await posted()).toEqual(minutes(start, 1, 5));
    expect(log.filter((line) => line.includes("cannot post"))).toEqual([]);
  });

  it("holds up no other schedule", async () => {
    const { clock, agent, make, posted, persistence } = await openCluster();
    const start = clock.now();
    await make("one");
    const row = await persistence.schedules.get("tick");
    if (row === undefined) throw new Error("it was made");
    const other = { ...row, id: "other", name: "bad", bodyHash: "b", job: { flow: "bad" } };
    await persistence.schedules.add({ ...other, dueAt: start + MINUTE });
    const only: Parameters<typeof agent>[0] = {
      post: (post) => (request, key) => (request.flow === "bad" ? unknown()() : post(request, key)),
    };
    agent(only).start();

    await clock.advance(3 * MINUTE + 1_000);

    expect(await posted()).toEqual(minutes(start, 1, 3));
  });
});

it("goes on when persistence was away, and says so once", async () => {
  const { clock, agent, make, posted, persistence, log } = await openCluster();
  const start = clock.now();
  await make("one");
  const { due } = persistence.schedules;
  let away = false;
  const down = () => Promise.reject(new JobrunnerError("PERSISTENCE_DOWN", "it is away"));
  Object.assign(persistence.schedules, { due: () => (away ? down() : due()) });
  agent().start();
  away = true;
  await clock.advance(MINUTE + 30_000);
  expect(await posted()).toEqual([]);
  away = false;
  await clock.advance(5_000);

  expect(await posted()).toEqual(minutes(start, 1, 1));
  expect(log.filter((line) => line.includes("cannot be looked at"))).toHaveLength(1);
});

function minutes(start: number, first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => start + (first + n) * MINUTE);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
