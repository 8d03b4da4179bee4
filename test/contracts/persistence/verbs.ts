import { expect, it } from "vitest";
import type { Asker, Persistence } from "../../../persistence/persistence.js";
import { appended, appendOf, ENDED, newJob, type Owned, owned, posted } from "../samples.js";
import { endedJob as ended, retryOf } from "./retrying.js";
import type { OpenPersistence } from "./subject.js";

const DAY_MS = 86_400_000;
const BY: Asker = { owner: "poster.1", agent: "agent-9", machine: "machine-9" };

/** A job whose owner has appended one entry. */
async function started(persistence: Persistence): Promise<Owned> {
  const owner = await owned(persistence, (await posted(persistence)).id);
  await appended(persistence, appendOf(owner, 1));
  return owner;
}

export function testVerbs(open: OpenPersistence): void {
  testReleasing(open);
  testRemoving(open);
  testRemovingByClock(open);
  testReprioritising(open);
}

function testReleasing(open: OpenPersistence): void {
  it("P-40: takes a job from its owner, who may write no more, for the next one", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);

    const answer = await persistence.release(owner.id);

    const from = { token: 1, owner: owner.owner, agent: "agent-1" };
    expect(answer).toEqual({ released: "done", from });
    expect(await appended(persistence, appendOf(owner, 2))).toEqual({ accepted: false });
    expect(await persistence.job(owner.id)).toMatchObject({ state: "RUNNING", token: 2 });
    expect(await persistence.ownerships(owner.id)).toMatchObject([{ ended: "released" }]);
    const next = await owned(persistence, owner.id);
    expect(await appended(persistence, appendOf(next, 2))).toEqual({ accepted: true });
  });

  it("P-40: may be asked again, and then takes the job from nobody else", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);

    const first = await persistence.release(owner.id, 1);

    expect(await persistence.release(owner.id, 1)).toEqual(first);
    expect(await persistence.job(owner.id)).toMatchObject({ token: 2 });
    const next = await owned(persistence, owner.id);
    const other = { token: 3, owner: next.owner, agent: "agent-1" };
    const conflict = { released: "conflict", state: "RUNNING", owner: other };
    expect(await persistence.release(owner.id, 1)).toEqual(conflict);
    expect(await persistence.release(owner.id, 3)).toMatchObject({ released: "done", from: other });
  });

  it("P-40: takes nothing from nobody", async () => {
    const { persistence } = await open();
    const { id: waiting } = await posted(persistence);
    const left = await started(persistence);
    await appended(persistence, appendOf(left, 2, { changes: [{ change: "handover" }] }));
    const suspended = await started(persistence);
    await persistence.suspend(suspended.id);
    await appended(persistence, appendOf(suspended, 2, { state: "SUSPENDED" }));

    const conflict = (state: string) => ({ released: "conflict", state });
    expect(await persistence.release(waiting)).toEqual(conflict("WAITING"));
    expect(await persistence.release(left.id)).toEqual(conflict("RUNNING"));
    expect(await persistence.release(suspended.id)).toEqual(conflict("SUSPENDED"));
    expect(await persistence.release(await ended(persistence))).toEqual(conflict("SUCCESS"));
    expect(await persistence.release("nobody")).toEqual({ released: "unknown" });
    expect(await persistence.job(left.id)).toMatchObject({ token: 1, owner: left.owner });
  });

  it("P-40: leaves what was asked of the job for the next owner", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    await persistence.cancel(owner.id, BY, true);

    await persistence.release(owner.id);

    expect(await persistence.job(owner.id)).toMatchObject({ request: "cancel", state: "RUNNING" });
  });
}

function testRemoving(open: OpenPersistence): void {
  it("P-41: removes a job that is over with everything of it; its key says so", async () => {
    const { persistence } = await open();
    const key = { key: "order-1", bodyHash: "h" };
    const job = newJob({ key, required: [{ name: "is_x86_64", args: [] }] });
    const owner = await owned(persistence, (await posted(persistence, job)).id);
    await appended(persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));

    expect(await persistence.remove(job.id)).toEqual({ removed: "done" });

    expect(await persistence.job(job.id)).toBeUndefined();
    expect(await persistence.load(job.id)).toEqual([]);
    expect(await persistence.ownerships(job.id)).toEqual([]);
    expect(await persistence.required(job.id)).toEqual([]);
    expect(await persistence.post({ ...newJob(), key })).toEqual({ posted: "removed", id: job.id });
    expect(await persistence.remove(job.id)).toEqual({ removed: "unknown" });
  });

  it("P-41: removes no job that is not over", async () => {
    const { persistence } = await open();
    const { id: waiting } = await posted(persistence);
    const running = await started(persistence);

    expect(await persistence.remove(waiting)).toEqual({ removed: "conflict", state: "WAITING" });
    expect(await persistence.remove(running.id)).toEqual({ removed: "conflict", state: "RUNNING" });
    expect(await persistence.job(running.id)).toMatchObject({
      state: "RUNNING",
      token: running.token,
    });
  });

  it("P-41: remembers that results were handed on as long as one of the jobs is there", async () => {
    const { persistence } = await open();
    const origin = await ended(persistence, "FAILURE");
    const retry = retryOf(origin);
    await persistence.post(retry);
    const owner = await owned(persistence, retry.id);
    await appended(persistence, appendOf(owner, 2, { changes: ENDED, state: "SUCCESS" }));

    await persistence.remove(retry.id);
    expect(await persistence.post(retryOf(origin))).toEqual({ posted: "spent", id: retry.id });
    expect(await persistence.retries(origin)).toEqual({ by: [retry.id] });
    await persistence.remove(origin);

    expect(await persistence.retries(origin)).toEqual({ by: [] });
    expect(await persistence.retries(retry.id)).toEqual({ by: [] });
  });

  it("P-41: removes what has been over for so long, of the states that are named", async ({
    skip,
  }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const [good, bad] = [await ended(persistence), await ended(persistence, "FAILURE")];
    advance(10_000);
    const young = await ended(persistence);
    const old = { ageMs: 5_000 };

    const some = await persistence.removeOld({ ...old, states: ["FAILURE", "REVERTED"] });
    expect(some).toEqual({ removed: 1, more: false });
    expect(await persistence.job(bad)).toBeUndefined();
    expect(await persistence.removeOld(old)).toEqual({ removed: 1, more: false });
    expect(await persistence.job(good)).toBeUndefined();
    expect(await persistence.job(young)).toMatchObject({ state: "SUCCESS" });
  });
}

function testRemovingByClock(open: OpenPersistence): void {
  it("P-36, P-41: removes nothing by a clock that has jumped since the last purge", async ({
    skip,
  }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const limits = { ageMs: 365 * DAY_MS, jobs: 1e9, bytes: 1e12 };
    const job = await ended(persistence);
    await persistence.purge(limits);
    const old = { ageMs: 30 * DAY_MS };

    for (const days of [40, -80]) {
      advance(days * DAY_MS);
      await expect(persistence.removeOld(old)).rejects.toMatchObject({
        code: "CONFLICT",
        hint: expect.stringContaining("clock") as string,
      });
    }
    expect(await persistence.job(job)).toMatchObject({ id: job });

    advance(80 * DAY_MS);
    await persistence.purge(limits); // The agents believe it by now, and have noted that.
    expect(await persistence.removeOld(old)).toEqual({ removed: 1, more: false });
  });
}

function testReprioritising(open: OpenPersistence): void {
  it("P-42: gives a job that waits another priority", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const later = await posted(persistence, newJob({ runAt: (await persistence.now()) + 60_000 }));

    expect(await persistence.reprioritise(id, 7)).toEqual({ asked: "done", state: "WAITING" });
    expect(await persistence.reprioritise(id, 7)).toEqual({ asked: "done", state: "WAITING" });
    await persistence.reprioritise(later.id, -3);

    expect(await persistence.job(id)).toMatchObject({ priority: 7, state: "WAITING", token: 0 });
    expect(await persistence.job(later.id)).toMatchObject({ priority: -3, runAt: later.runAt });
  });

  it("P-42: leaves a job alone that does not wait", async () => {
    const { persistence } = await open();
    const running = await started(persistence);
    const over = await ended(persistence);

    const conflict = (state: string) => ({ asked: "conflict", state });
    expect(await persistence.reprioritise(running.id, 7)).toEqual(conflict("RUNNING"));
    expect(await persistence.reprioritise(over, 7)).toEqual(conflict("SUCCESS"));
    expect(await persistence.reprioritise("nobody", 7)).toEqual({ asked: "unknown" });
    expect(await persistence.job(running.id)).toMatchObject({ priority: 0 });
  });
}
