import { expect, it } from "vitest";
import type { Persistence, Retention } from "../../../persistence/persistence.js";
import { appended, appendOf, ENDED, newJob, owned, posted } from "../samples.js";
import type { OpenPersistence } from "./subject.js";

const NONE: Retention = { ageMs: 1e12, jobs: 1e9, bytes: 1e12 };
const DAY_MS = 86_400_000;

async function ended(persistence: Persistence, key?: string): Promise<string> {
  const more = key === undefined ? {} : { key: { key, bodyHash: "h" } };
  const owner = await owned(persistence, (await posted(persistence, newJob(more))).id);
  await appended(persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));
  return owner.id;
}

async function left(persistence: Persistence): Promise<readonly string[]> {
  return (await persistence.jobs({}, 500)).jobs.map(({ id }) => id).reverse();
}

export function testRetaining(open: OpenPersistence): void {
  it("removes jobs that ended too long ago, with everything of them", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const old = await ended(persistence);
    advance(10_000);
    const young = await ended(persistence);

    const purged = await persistence.purge({ ...NONE, ageMs: 5_000 });

    expect(purged).toEqual({ removed: 1, more: false });
    expect(await left(persistence)).toEqual([young]);
    expect(await persistence.job(old)).toBeUndefined();
    expect(await persistence.load(old)).toEqual([]);
    expect(await persistence.ownerships(old)).toEqual([]);
  });

  it("keeps so many of the newest, and so many bytes", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const ids: string[] = [];
    for (let index = 0; index < 6; index += 1) {
      ids.push(await ended(persistence));
      advance(1);
    }

    expect(await persistence.purge({ ...NONE, jobs: 4 })).toEqual({ removed: 2, more: false });
    expect(await left(persistence)).toEqual(ids.slice(2));
    expect(await persistence.purge({ ...NONE, bytes: 1 })).toEqual({ removed: 4, more: false });
    expect(await left(persistence)).toEqual([]);
  });

  it("counts the texts and the journal of each, also of one that nobody had started", async () => {
    const { persistence } = await open();
    const params = { text: "ü".repeat(1_000) }; // Two bytes each.
    const { id } = await posted(persistence, newJob({ params }));
    await persistence.cancel(id, { owner: "x.1", agent: "x", machine: "m" }, true);
    const owner = await owned(persistence, (await posted(persistence)).id);
    const changes = [{ change: "saved", atom: "A", value: "x".repeat(5_000) }, ...ENDED] as const;
    await appended(persistence, appendOf(owner, 1, { changes, state: "SUCCESS" }));

    expect(await persistence.purge({ ...NONE, bytes: 7_000 })).toMatchObject({ removed: 1 });
    expect(await left(persistence)).toEqual([owner.id]);
    expect(await persistence.purge({ ...NONE, bytes: 6_000 })).toMatchObject({ removed: 0 });
    expect(await persistence.purge({ ...NONE, bytes: 5_000 })).toMatchObject({ removed: 1 });
  });

  it("P-36: tells when the last purge was, and writes that down now and then", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    expect(await persistence.purgedAt()).toBeUndefined();
    const first = await persistence.now();
    await persistence.purge(NONE);

    advance(3_600_000);
    await persistence.purge(NONE);
    expect(await persistence.purgedAt()).toBe(first);

    advance(DAY_MS);
    await persistence.purge(NONE);
    expect(await persistence.purgedAt()).toBe(await persistence.now());
  });

  it("never removes a job that is not over", async () => {
    const { persistence } = await open();
    const { id: waiting } = await posted(persistence);
    const running = await owned(persistence, (await posted(persistence)).id);
    const { id: suspended } = await posted(persistence);
    await persistence.suspend(suspended);

    expect(await persistence.purge({ ageMs: -DAY_MS, jobs: 0, bytes: 0 })).toMatchObject({
      removed: 0,
    });
    expect(await left(persistence)).toEqual([waiting, running.id, suspended]);
  });

  it("P-3: says of a removed job's key that it is removed, for a day", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const id = await ended(persistence, "order-1");
    await persistence.purge({ ...NONE, jobs: 0 });
    const again = newJob({ key: { key: "order-1", bodyHash: "h" } });

    advance(DAY_MS - 1);
    await persistence.purge(NONE);
    expect(await persistence.post(again)).toEqual({ posted: "removed", id });

    advance(2);
    await persistence.purge(NONE);
    expect(await persistence.post(again)).toEqual({ posted: "created", id: again.id });
  });

  it("does a bounded share at a time", { timeout: 60_000 }, async () => {
    const { persistence } = await open();
    const jobs = Array.from({ length: 150 }, () => newJob());
    for (const job of jobs) await posted(persistence, job);
    const owners = await Promise.all(jobs.map(({ id }) => owned(persistence, id)));
    const ends = owners.map((owner) => appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));
    await persistence.append(ends);

    expect(await persistence.purge({ ...NONE, jobs: 20 })).toEqual({ removed: 130, more: false });
    expect(await left(persistence)).toHaveLength(20);
  });
}
