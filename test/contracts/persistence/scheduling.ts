import { expect, it } from "vitest";
import { SCHEDULES_MAX } from "../../../common/wire/schedules.js";
import type { NewSchedule, ScheduleStore } from "../../../persistence/persistence.js";
import type { OpenPersistence } from "./subject.js";

const DAY = 86_400_000;
const JOB = "0190b7a0-0000-7000-8000-000000000000";

export function testScheduling(open: OpenPersistence): void {
  it("tells a schedule as it was made, with the time and the agent", async () => {
    const { schedules, now } = await opened(open);
    const made = schedule({ name: "nightly", dueAt: now + DAY });

    expect(await schedules.add(made)).toBe("added");

    const { job, bodyHash: _, ...rest } = made;
    const row = await schedules.get("nightly");
    expect(row).toEqual({ ...rest, job, flow: "hello", madeAt: row?.madeAt });
    expect(Math.abs((row?.madeAt ?? 0) - now)).toBeLessThan(60_000);
    expect(await schedules.get("weekly")).toBeUndefined();
  });

  it("takes the same schedule once, and no other of its name", async () => {
    const { schedules } = await opened(open);
    await schedules.add(schedule({ name: "nightly", bodyHash: "a" }));

    const again = await schedules.add(schedule({ name: "nightly", bodyHash: "a" }));
    const other = await schedules.add(schedule({ name: "nightly", bodyHash: "b" }));

    expect([again, other]).toEqual(["existed", "taken"]);
    expect(await schedules.list(10)).toHaveLength(1);
  });

  it("takes one of many that are made at the same time under one name", async () => {
    const { schedules } = await opened(open);
    const made = Array.from({ length: 8 }, (_, n) => schedule({ name: "x", bodyHash: `h${n}` }));

    const added = await Promise.all(made.map((each) => schedules.add(each)));

    expect(added.toSorted()).toEqual(["added", ...Array.from({ length: 7 }, () => "taken")]);
  });

  it("lists them by name, a page at a time", async () => {
    const { schedules } = await opened(open);
    for (const name of ["c", "a", "d", "b"]) await schedules.add(schedule({ name }));

    const first = await schedules.list(3);
    const second = await schedules.list(3, "c");

    expect([first, second].map((page) => page.map(({ name }) => name))).toEqual([
      ["a", "b", "c"],
      ["d"],
    ]);
    expect(first[0]).not.toHaveProperty("job");
  });

  it("tells what is due by database time, the oldest first, and what is next", async () => {
    const { schedules, now } = await opened(open);
    const made = [
      schedule({ name: "late", dueAt: now - 1_000 }),
      schedule({ name: "later", dueAt: now - 2_000 }),
      schedule({ name: "tomorrow", dueAt: now + DAY }),
      schedule({ name: "overmorrow", dueAt: now + 2 * DAY }),
    ];
    for (const each of made) await schedules.add(each);

    const { now: told, due, nextAt } = await schedules.due();

    expect(Math.abs(told - now)).toBeLessThan(60_000);
    expect(due.map(({ name }) => name)).toEqual(["later", "late"]);
    expect(due[0]).toEqual({ id: made[1]?.id, name: "later", dueAt: now - 2_000 });
    expect(nextAt).toBe(now + DAY);
  });

  it("has nothing due and nothing next where there is no schedule", async () => {
    const { schedules } = await opened(open);

    expect(await schedules.due()).toEqual({ now: expect.any(Number) as number, due: [] });
  });

  it("moves the due time on for the first one only", async () => {
    const { schedules, now } = await opened(open);
    const { id } = await added(schedules, { name: "nightly", dueAt: now - DAY });
    await schedules.complain(id, now - DAY, "no flow");

    const step = { dueAt: now + DAY, posted: { dueAt: now - DAY, job: JOB } };
    const told = await Promise.all([1, 2, 3].map(() => schedules.advance(id, now - DAY, step)));

    expect(told.filter(Boolean)).toHaveLength(1);
    const row = await schedules.get("nightly");
    expect(row).toMatchObject({ dueAt: now + DAY, last: { dueAt: now - DAY, job: JOB } });
    expect(row).not.toHaveProperty("trouble");
    expect((await schedules.due()).due).toEqual([]);
  });

  it("remembers what was skipped beside what was posted, and why a job is late", async () => {
    const { schedules, now } = await opened(open);
    const { id } = await added(schedules, { name: "nightly", dueAt: now - 2 * DAY });
    const posted = { dueAt: now - 2 * DAY, job: JOB };

    await schedules.advance(id, now - 2 * DAY, { dueAt: now - DAY, posted });
    await schedules.complain(id, now - 2 * DAY, "of a due time that is over");
    await schedules.complain(id, now - DAY, "no flow");
    const skipped = { from: now - DAY, to: now - DAY };
    await schedules.advance(id, now - DAY, { dueAt: now + DAY, skipped });

    const row = await schedules.get("nightly");
    expect(row).toMatchObject({ last: posted, skipped, dueAt: now + DAY, trouble: "no flow" });
  });

  it("has no due time while it is paused, and another one from then on", async () => {
    const { schedules, now } = await opened(open);
    const { id } = await added(schedules, { name: "nightly", dueAt: now - DAY });

    await schedules.pause(id);
    await schedules.pause(id);
    expect(await schedules.get("nightly")).not.toHaveProperty("dueAt");
    expect((await schedules.due()).due).toEqual([]);
    const late = { dueAt: now + 9 * DAY, posted: { dueAt: now - DAY, job: JOB } };
    expect(await schedules.advance(id, now - DAY, late)).toBe(false);

    await schedules.resume(id, now + DAY);
    await schedules.resume(id, now + 2 * DAY);
    expect(await schedules.get("nightly")).toMatchObject({ dueAt: now + DAY });
  });

  it("forgets one, whose name is free again", async () => {
    const { schedules, now } = await opened(open);
    const { id } = await added(schedules, { name: "nightly", dueAt: now });

    await schedules.remove(id);
    await schedules.remove(id);

    expect(await schedules.get("nightly")).toBeUndefined();
    const step = { dueAt: now + DAY, posted: { dueAt: now, job: JOB } };
    expect(await schedules.advance(id, now, step)).toBe(false);
    expect(await schedules.add(schedule({ name: "nightly", bodyHash: "other" }))).toBe("added");
  });

  it("takes no more than there may be", { timeout: 60_000 }, async () => {
    const { schedules } = await opened(open);
    for (let from = 0; from < SCHEDULES_MAX; from += 100) {
      const names = Array.from({ length: 100 }, (_, n) => `s${from + n}`);
      await Promise.all(names.map((name) => schedules.add(schedule({ name }))));
    }

    expect(await schedules.add(schedule({ name: "last" }))).toBe("full");
    expect(await schedules.add(schedule({ name: "s7" }))).toBe("existed");
  });
}

async function opened(open: OpenPersistence) {
  const { persistence } = await open();
  return { schedules: persistence.schedules, now: await persistence.now() };
}

async function added(schedules: ScheduleStore, more: Partial<NewSchedule>): Promise<NewSchedule> {
  const made = schedule(more);
  expect(await schedules.add(made)).toBe("added");
  return made;
}

let made = 0;

function schedule(more: Partial<NewSchedule> = {}): NewSchedule {
  made += 1;
  return {
    id: `00000000-0000-7000-8000-${String(made).padStart(12, "0")}`,
    name: "nightly",
    cron: "0 3 * * *",
    tz: "Europe/Amsterdam",
    catchUp: "one",
    job: { flow: "hello", params: { name: "\u00e9\u{1f600}'\\" }, priority: 5 },
    bodyHash: "h",
    dueAt: 1,
    madeVia: "alpha",
    ...more,
  };
}
