import { expect, it } from "vitest";
import type { HookCall, Persistence } from "../../../persistence/persistence.js";
import { appended, appendOf, ENDED, newJob, type Owned, owned, posted } from "../samples.js";
import type { OpenPersistence } from "./subject.js";

const LEASE_MS = 60_000;
const TAKING = { hooks: ["a", "b"], limit: 10, leaseMs: LEASE_MS };

let calls = 0;

function call(hook = "a"): HookCall {
  calls += 1;
  return { id: `call.${String(calls).padStart(4, "0")}`, hook };
}

async function ended(persistence: Persistence, hooks: readonly HookCall[]): Promise<string> {
  const owner = await owned(persistence, (await posted(persistence)).id);
  await appended(persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS", hooks }));
  return owner.id;
}

async function ids(persistence: Persistence, taking = TAKING): Promise<readonly string[]> {
  return (await persistence.hooks.take(taking)).calls.map(({ id }) => id);
}

export function testHooking(open: OpenPersistence): void {
  it("has calls of a job's end from the transaction that ends it, until they are done", async () => {
    const { persistence } = await open();
    const [one, two] = [call("a"), call("b")];
    const job = await ended(persistence, [one, two]);

    const taken = await persistence.hooks.take(TAKING);
    expect(taken.calls).toEqual(
      [one, two].map((each) => ({
        ...{ ...each, job, state: "SUCCESS", tries: 1, at: expect.any(Number) },
      })),
    );
    for (const { id } of taken.calls) await persistence.hooks.done(id);

    const left = await persistence.hooks.take(TAKING);
    expect([left.calls, left.nextInMs]).toEqual([[], undefined]);
  });

  it("gives each call to one of many, and again after the lease", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const hooks = Array.from({ length: 5 }, () => call());
    await ended(persistence, hooks);

    const taken = (await Promise.all(Array.from({ length: 4 }, () => ids(persistence)))).flat();
    expect([...taken].sort()).toEqual(hooks.map(({ id }) => id).sort());
    expect((await persistence.hooks.take(TAKING)).nextInMs).toBe(LEASE_MS);
    advance(LEASE_MS);

    const again = await persistence.hooks.take(TAKING);
    expect(again.calls.map(({ tries }) => tries)).toEqual([2, 2, 2, 2, 2]);
  });

  it("gives one that failed when it is due again, and only to who has its hook", async ({
    skip,
  }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const one = call("a");
    await ended(persistence, [one]);
    expect(await ids(persistence, { ...TAKING, hooks: ["b"] })).toEqual([]);
    expect(await ids(persistence)).toEqual([one.id]);

    await persistence.hooks.later(one.id, 5_000);
    expect(await persistence.hooks.take(TAKING)).toMatchObject({ calls: [], nextInMs: 5_000 });
    advance(5_000);

    expect(await ids(persistence)).toEqual([one.id]);
  });

  it("forgets those that nobody took for long, and leaves those of certain hooks", async ({
    skip,
  }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const [gone, kept] = [call("gone"), call("a")];
    const job = await ended(persistence, [gone, kept]);
    const forsaking = { hooks: ["a", "b"], overdueMs: 5_000, limit: 10 };
    advance(4_999);
    expect(await persistence.hooks.forsake(forsaking)).toEqual([]);
    advance(1);

    const forsaken = await persistence.hooks.forsake(forsaking);

    expect(forsaken).toMatchObject([{ ...gone, job, state: "SUCCESS", tries: 0 }]);
    expect(await persistence.hooks.forsake(forsaking)).toEqual([]);
    expect(await ids(persistence, { ...TAKING, hooks: ["gone"] })).toEqual([]);
    expect(await ids(persistence)).toEqual([kept.id]);
  });

  it("has calls of the end of a job that nobody started in time", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const startBy = (await persistence.now()) + 1_000;
    const { id } = await posted(persistence, newJob({ startBy }));
    const one = call();
    const by = { owner: "sweeper.1", agent: "agent-9", machine: "machine-9", hooks: [one] };
    expect(await persistence.expire(id, by)).toBe(false);
    expect(await ids(persistence)).toEqual([]);
    advance(1_000);

    expect(await persistence.expire(id, by)).toBe(true);

    const { calls } = await persistence.hooks.take(TAKING);
    expect(calls).toMatchObject([{ ...one, job: id, state: "CANCELLED" }]);
  });

  it("writes none with an entry that is refused, and none twice with one that is repeated", async () => {
    const { persistence } = await open();
    const hooks = [call()];
    const old = await owned(persistence, (await posted(persistence)).id);
    const owner = await owned(persistence, old.id);
    const end = { changes: ENDED, state: "SUCCESS", hooks } as const;
    await appended(persistence, appendOf(old, 1, { ...end, hooks: [call()] }));
    const [first] = await persistence.append([appendOf(owner, 1, end)]);
    const [second] = await persistence.append([appendOf(owner, 1, { ...end, repeated: true })]);

    expect([first, second]).toMatchObject([{ accepted: true }, { accepted: true }]);
    expect(await ids(persistence)).toEqual(hooks.map(({ id }) => id));
  });

  it("writes those of all jobs of a batch that end, and of no other", async () => {
    const { persistence } = await open();
    const owners: Owned[] = [];
    for (let n = 0; n < 3; n += 1) {
      owners.push(await owned(persistence, (await posted(persistence)).id));
    }
    const hooks = owners.map(() => call());
    await persistence.append(
      owners.map((owner, n) =>
        n === 1
          ? appendOf(owner, 1)
          : appendOf(owner, 1, { changes: ENDED, state: "SUCCESS", hooks: hooks.slice(n, n + 1) }),
      ),
    );

    const { calls: taken } = await persistence.hooks.take(TAKING);
    expect(new Map(taken.map(({ id, job }) => [id, job]))).toEqual(
      new Map([0, 2].map((n) => [hooks[n]?.id, owners[n]?.id])),
    );
  });

  it("has those of a job that is cancelled or suspended at once, and not of one that is asked", async () => {
    const { persistence } = await open();
    const [cancelled, suspended] = [await posted(persistence), await posted(persistence)];
    const running = await owned(persistence, (await posted(persistence)).id);
    await appended(persistence, appendOf(running, 1));
    const by = { owner: "asker.1", agent: "a", machine: "m" };
    const [one, two] = [call(), call()];

    await persistence.cancel(cancelled.id, { ...by, hooks: [one] }, true);
    await persistence.cancel(cancelled.id, { ...by, hooks: [call()] }, true);
    await persistence.suspend(suspended.id, [two]);
    await persistence.suspend(suspended.id, [call()]);
    await persistence.suspend(running.id, [call()]);
    await persistence.cancel(running.id, { ...by, hooks: [call()] }, true);

    const { calls: taken } = await persistence.hooks.take(TAKING);
    expect(taken.map(({ id, state }) => [id, state])).toEqual([
      [one.id, "CANCELLED"],
      [two.id, "SUSPENDED"],
    ]);
  });

  it("has none of a suspend that was withdrawn before the owner obeyed", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);
    await appended(persistence, appendOf(owner, 1));
    await persistence.suspend(owner.id);
    await persistence.resume(owner.id);
    await appended(persistence, appendOf(owner, 2, { state: "SUSPENDED", hooks: [call()] }));

    expect(await persistence.job(owner.id)).toMatchObject({ state: "WAITING" });
    expect(await ids(persistence)).toEqual([]);
  });

  it("forgets those of a job that is removed", async () => {
    const { persistence } = await open();
    await persistence.remove(await ended(persistence, [call()]));

    expect(await ids(persistence)).toEqual([]);
  });
}
