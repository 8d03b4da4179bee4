import { expect, it } from "vitest";
import type { Asker, Persistence } from "../../../persistence/persistence.js";
import type { OpenPersistence } from "./subject.js";
import { appended, appendOf, ENDED, type Owned, owned, posted, raiseOf } from "../samples.js";

const BY: Asker = { owner: "asker.1", agent: "agent-9", machine: "machine-9" };

/** A job whose owner has appended one entry. */
async function started(persistence: Persistence): Promise<Owned> {
  const owner = await owned(persistence, (await posted(persistence)).id);
  await appended(persistence, appendOf(owner, 1));
  return owner;
}

export function testAsking(open: OpenPersistence): void {
  it("cancels a job that has no entry at once, with an end entry", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);

    expect(await persistence.cancel(id, BY, true)).toEqual({ asked: "done", state: "CANCELLED" });
    expect(await persistence.job(id)).toMatchObject({ state: "CANCELLED", token: 1 });
    expect(await persistence.load(id)).toMatchObject([
      { seq: 1, token: 1, changes: [{ change: "flow", to: "CANCELLED" }] },
    ]);
    expect((await persistence.jobs({ agent: "agent-9" }, 5)).jobs).toHaveLength(1);
  });

  it("asks the owner of a job with entries, and hands the request out", async () => {
    const { persistence } = await open();
    const { id } = await started(persistence);

    const answer = await persistence.cancel(id, BY, false);

    expect(answer).toEqual({ asked: "requested", state: "RUNNING" });
    expect(await persistence.job(id)).toMatchObject({ request: "cancel-no-revert" });
    expect(await persistence.requests([id, "nobody"])).toEqual(new Map([[id, "cancel-no-revert"]]));
  });

  it("keeps what a cancel gave as its reason to the end of the job", async () => {
    const { persistence } = await open();
    const fresh = await posted(persistence);
    const owner = await started(persistence);
    const reason = { code: "CANCELLED", message: "no longer needed" };

    await persistence.cancel(fresh.id, BY, true, reason.message);
    await persistence.cancel(owner.id, BY, true, reason.message);
    await persistence.cancel(owner.id, BY, true);
    const asked = await persistence.job(owner.id);
    await appended(persistence, appendOf(owner, 2, { state: "REVERTING" }));
    await appended(persistence, appendOf(owner, 3, { state: "CANCELLED" }));

    expect(await persistence.job(fresh.id)).toMatchObject({ state: "CANCELLED", reason });
    expect(asked).toMatchObject({ state: "RUNNING", request: "cancel", reason });
    expect(await persistence.job(owner.id)).toMatchObject({ state: "CANCELLED", reason });
  });

  it("forgets the reason of a cancel that came too late, and of one before a park", async () => {
    const { persistence } = await open();
    const [good, parked] = [await started(persistence), await started(persistence)];
    const poison = { code: "POISON", message: "three owners died in A" } as const;

    for (const { id } of [good, parked]) await persistence.cancel(id, BY, true, "too late");
    await appended(persistence, appendOf(good, 2, { changes: ENDED, state: "SUCCESS" }));
    const next = await owned(persistence, parked.id);
    await appended(persistence, appendOf(next, 2, { state: "SUSPENDED", reason: poison }));
    const held = await persistence.job(parked.id);
    await persistence.cancel(parked.id, BY, true);

    expect((await persistence.job(good.id))?.reason).toBeUndefined();
    expect(held?.reason).toEqual(poison);
    expect((await persistence.job(parked.id))?.reason).toBeUndefined();
  });

  it("makes a suspended job with entries startable, so that somebody can revert it", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    await persistence.suspend(owner.id);
    await appended(persistence, appendOf(owner, 2, { state: "SUSPENDED" }));

    const answer = await persistence.cancel(owner.id, BY, true);

    expect(answer).toEqual({ asked: "requested", state: "WAITING" });
    expect(await persistence.raise(raiseOf(owner.id, 1))).toBe(2);
    expect(await persistence.job(owner.id)).toMatchObject({ request: "cancel" });
  });

  it("cancels a suspended job at once when nothing is to be reverted", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    const reason = { code: "POISON", message: "three owners died in A" } as const;
    await appended(persistence, appendOf(owner, 2, { state: "SUSPENDED", reason }));

    const answer = await persistence.cancel(owner.id, BY, false);

    expect(answer).toEqual({ asked: "done", state: "CANCELLED" });
    expect(await persistence.job(owner.id)).toMatchObject({ state: "CANCELLED", token: 2 });
    const last = (await persistence.load(owner.id)).at(-1);
    expect(last).toMatchObject({ seq: 3, token: 2, changes: [{ to: "CANCELLED" }] });
  });

  it("cancels a suspended job at once of which nothing ran", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);
    const reason = { code: "FLOW_CHANGED", message: 'task "atom": is gone' } as const;
    const changes = [{ change: "flow", to: "SUSPENDED" }] as const;
    await appended(persistence, appendOf(owner, 1, { changes, state: "SUSPENDED", reason }));

    const answer = await persistence.cancel(owner.id, BY, true);

    expect(answer).toEqual({ asked: "done", state: "CANCELLED" });
    expect(await persistence.job(owner.id)).toMatchObject({ state: "CANCELLED", token: 2 });
  });

  it("does not let an owner that never saw a cancel park the job (P-24, P-25)", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    await persistence.cancel(owner.id, BY, true);

    const reason = { code: "POISON", message: "three owners died in A" } as const;
    await appended(persistence, appendOf(owner, 2, { state: "SUSPENDED", reason }));

    const row = await persistence.job(owner.id);
    expect(row).toMatchObject({ state: "WAITING", request: "cancel", resumedAtToken: 1 });
    expect(row?.reason).toBeUndefined();
  });

  it("keeps a cancel whose owner had to park the job, and tries it again when resumed", async () => {
    const { persistence } = await open();
    const first = await started(persistence);
    await persistence.cancel(first.id, BY, true);
    const second = await owned(persistence, first.id);

    const reason = { code: "POISON", message: "three owners died in A" } as const;
    await appended(persistence, appendOf(second, 2, { state: "SUSPENDED", reason }));

    const parked = { state: "SUSPENDED", request: "cancel", reason };
    expect(await persistence.job(first.id)).toMatchObject(parked);
    expect(await persistence.resume(first.id)).toEqual({ asked: "done", state: "WAITING" });
    const row = await persistence.job(first.id);
    expect(row).toMatchObject({ state: "WAITING", request: "cancel", resumedAtToken: 2 });
  });

  it("cancels nothing that is over, and says so", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    await appended(persistence, appendOf(owner, 2, { changes: ENDED, state: "SUCCESS" }));

    const answer = await persistence.cancel(owner.id, BY, true);

    expect(answer).toEqual({ asked: "conflict", state: "SUCCESS" });
    expect(await persistence.cancel("nobody", BY, true)).toEqual({ asked: "unknown" });
  });

  it("lets a cancel be asked twice", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);

    await persistence.cancel(id, BY, true);

    expect(await persistence.cancel(id, BY, true)).toEqual({ asked: "done", state: "CANCELLED" });
    expect(await persistence.load(id)).toHaveLength(1);
  });

  it("suspends a waiting job at once and resumes it", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);

    expect(await persistence.suspend(id)).toEqual({ asked: "done", state: "SUSPENDED" });
    expect(await persistence.suspend(id)).toEqual({ asked: "done", state: "SUSPENDED" });
    expect(await persistence.raise(raiseOf(id, 0))).toBeUndefined();
    expect(await persistence.resume(id)).toEqual({ asked: "done", state: "WAITING" });
    expect(await persistence.raise(raiseOf(id, 0))).toBe(1);
  });

  it("asks the owner of a running job to suspend, who then does", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);

    expect(await persistence.suspend(owner.id)).toEqual({ asked: "requested", state: "RUNNING" });
    await appended(persistence, appendOf(owner, 2, { state: "SUSPENDED" }));

    const row = await persistence.job(owner.id);
    expect(row).toMatchObject({ state: "SUSPENDED" });
    expect(row?.request).toBeUndefined();
  });

  it("does not leave a job suspended whose suspend was withdrawn meanwhile", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    await persistence.suspend(owner.id);

    expect(await persistence.resume(owner.id)).toEqual({ asked: "done", state: "RUNNING" });
    await appended(persistence, appendOf(owner, 2, { state: "SUSPENDED" }));

    expect(await persistence.job(owner.id)).toMatchObject({ state: "WAITING" });
  });

  it("does not let a suspend take a cancel back", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    await persistence.suspend(owner.id);
    await persistence.cancel(owner.id, BY, true);

    expect(await persistence.suspend(owner.id)).toEqual({ asked: "conflict", state: "RUNNING" });
    expect(await persistence.resume(owner.id)).toEqual({ asked: "conflict", state: "RUNNING" });
    await appended(persistence, appendOf(owner, 2, { state: "SUSPENDED" }));

    const row = await persistence.job(owner.id);
    expect(row).toMatchObject({ state: "WAITING", request: "cancel" });
  });

  it("resumes nothing that is over or unknown", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    await persistence.cancel(id, BY, true);

    expect(await persistence.resume(id)).toEqual({ asked: "conflict", state: "CANCELLED" });
    expect(await persistence.suspend(id)).toEqual({ asked: "conflict", state: "CANCELLED" });
    expect(await persistence.resume("nobody")).toEqual({ asked: "unknown" });
    expect(await persistence.suspend("nobody")).toEqual({ asked: "unknown" });
  });

  it("forgets why a job was parked when somebody resumes it, and counts anew from there", async () => {
    const { persistence } = await open();
    const owner = await started(persistence);
    const reason = { code: "POISON", message: "three owners died in A" } as const;
    await appended(persistence, appendOf(owner, 2, { state: "SUSPENDED", reason }));

    await persistence.resume(owner.id);

    const row = await persistence.job(owner.id);
    expect(row).toMatchObject({ state: "WAITING", resumedAtToken: 1 });
    expect(row?.reason).toBeUndefined();
  });
}
