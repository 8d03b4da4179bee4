import { expect, it } from "vitest";
import type { Asker, NewJob, Persistence } from "../../../persistence/persistence.js";
import { appended, appendOf, newJob, owned, posted, raiseOf } from "../samples.js";
import { endedJob, retryOf } from "./retrying.js";
import type { OpenPersistence, PersistenceUnderTest } from "./subject.js";

const BY: Asker = { owner: "sweeper.1", agent: "agent-9", machine: "machine-9" };

const LATE_MS = 5_000;

/** A job that has to be started within 5 s. */
async function hurried(
  persistence: Persistence,
  more: Partial<NewJob> = {},
): Promise<{ readonly id: string; readonly startBy: number }> {
  const startBy = (await persistence.now()) + LATE_MS;
  const { id } = await posted(persistence, newJob({ startBy, ...more }));
  return { id, startBy };
}

/** Time is told in all of them: the deadline is the database's. */
async function steered(
  open: OpenPersistence,
  skip: (why: string) => void,
): Promise<Required<PersistenceUnderTest>> {
  const { persistence, advance } = await open();
  if (advance === undefined) skip("database time cannot be steered here");
  return { persistence, advance: advance ?? (() => undefined) };
}

export function testStartDeadline(open: OpenPersistence): void {
  testStarting(open);
  testExpiring(open);
}

function testStarting(open: OpenPersistence): void {
  it("P-44: lets owners begin until then, and those after the first at any time", async ({
    skip,
  }) => {
    const { persistence, advance } = await steered(open, skip);
    const { id, startBy } = await hurried(persistence);
    advance(LATE_MS - 1);

    const first = raiseOf(id, 0);
    expect(await persistence.raiseControlled(first, {})).toEqual({ raised: "owned", token: 1 });
    advance(60_000);
    const second = raiseOf(id, 1);
    expect(await persistence.raiseControlled(second, {})).toEqual({ raised: "owned", token: 2 });

    expect(await persistence.expire(id, BY)).toBe(false);
    expect(await persistence.open(10)).not.toMatchObject([{ expired: true }]);
    expect(await persistence.job(id)).toMatchObject({ state: "RUNNING", token: 2, startBy });
    const entry = appendOf({ id, token: 2, owner: second.owner }, 1);
    expect(await appended(persistence, entry)).toEqual({ accepted: true });
    expect(await persistence.ownerships(id)).toMatchObject([
      { owner: first.owner, firstSeq: 1 },
      { owner: second.owner, firstSeq: 1 },
    ]);
  });

  it("P-44: refuses an owner that comes too late, which changes nothing", async ({ skip }) => {
    const { persistence, advance } = await steered(open, skip);
    const { id } = await hurried(persistence);
    advance(LATE_MS);

    expect(await persistence.raiseControlled(raiseOf(id, 0), {})).toEqual({ raised: "expired" });

    expect(await persistence.job(id)).toMatchObject({ state: "WAITING", token: 0 });
    expect(await persistence.ownerships(id)).toEqual([]);
  });

  it("P-7, P-44: refuses for the reasons of any raise as well", async () => {
    const { persistence } = await open();
    const { id } = await hurried(persistence);

    const answers = [
      await persistence.raiseControlled(raiseOf(id, 3), {}),
      await persistence.raiseControlled(raiseOf(id, 0, { boardId: "another" }), {}),
      await persistence.raiseControlled(raiseOf("nobody", 0), {}),
    ];

    expect(answers).toEqual(answers.map(() => ({ raised: "refused" })));
    expect(await persistence.raiseControlled(raiseOf(id, 0), {})).toMatchObject({
      raised: "owned",
    });
  });

  it("P-44: gives a job to one of ten owners that begin it at once", async () => {
    const { persistence } = await open();
    const { id } = await hurried(persistence);

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => persistence.raiseControlled(raiseOf(id, 0), {})),
    );

    expect(answers.filter(({ raised }) => raised === "owned")).toHaveLength(1);
    expect(await persistence.ownerships(id)).toHaveLength(1);
  });
}

function testExpiring(open: OpenPersistence): void {
  it("P-44: ends a job that nobody started in time as CANCELLED, and says why", async ({
    skip,
  }) => {
    const { persistence, advance } = await steered(open, skip);
    const { id, startBy } = await hurried(persistence);
    expect(await persistence.expire(id, BY)).toBe(false);
    expect(await persistence.open(10)).not.toMatchObject([{ expired: true }]);
    advance(LATE_MS);

    expect(await persistence.open(10)).toMatchObject([{ id, expired: true, owned: false }]);
    expect(await persistence.expire(id, BY)).toBe(true);

    const message = `no owner had started it by ${new Date(startBy).toISOString()}`;
    const endedAt = await persistence.now();
    const reason = { code: "EXPIRED", message };
    expect(await persistence.job(id)).toMatchObject({ state: "CANCELLED", reason, endedAt });
    expect(await persistence.load(id)).toMatchObject([
      {
        seq: 1,
        changes: [
          { change: "cancel", failure: { code: "EXPIRED", message } },
          { change: "flow", to: "CANCELLED" },
        ],
      },
    ]);
    expect(await persistence.ownerships(id)).toMatchObject([{ ended: "outcome", owner: BY.owner }]);
    expect(await persistence.expire(id, { ...BY, owner: "sweeper.2" })).toBe(false);
    expect(await persistence.raiseControlled(raiseOf(id, 1), {})).toEqual({ raised: "refused" });
    expect(await persistence.open(10)).toEqual([]);
  });

  it("P-44: ends one that is suspended as well, and one that keeps results", async ({ skip }) => {
    const { persistence, advance } = await steered(open, skip);
    const { id: suspended } = await hurried(persistence);
    await persistence.suspend(suspended);
    const startBy = (await persistence.now()) + LATE_MS;
    const retry = retryOf(await endedJob(persistence, "FAILURE"), { startBy });
    await persistence.post(retry);
    advance(LATE_MS);

    expect(await persistence.expire(suspended, BY)).toBe(true);
    expect(await persistence.raiseControlled(raiseOf(retry.id, 1), {})).toEqual({
      raised: "expired",
    });
    expect(await persistence.expire(retry.id, BY)).toBe(true);

    expect(await persistence.load(retry.id)).toMatchObject([{ seq: 1 }, { seq: 2, token: 2 }]);
    expect(await persistence.job(retry.id)).toMatchObject({ state: "CANCELLED", token: 2 });
  });

  it("P-44: ends no job without such a time, nor one that was never posted", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence, newJob({ uniqueKey: "k" }));
    const plain = await posted(persistence);

    expect(await persistence.expire(id, BY)).toBe(false);
    expect(await persistence.expire(plain.id, BY)).toBe(false);
    expect(await persistence.expire("nobody", BY)).toBe(false);
  });

  it("P-44: ends it or starts it, when both are tried at once", async ({ skip }) => {
    const { persistence, advance } = await steered(open, skip);
    const { id } = await hurried(persistence);
    advance(LATE_MS);

    const [raised, ...expired] = await Promise.all([
      persistence.raiseControlled(raiseOf(id, 0), {}),
      persistence.expire(id, BY),
      persistence.expire(id, { ...BY, owner: "sweeper.2" }),
    ]);

    expect(["expired", "refused"]).toContain(raised.raised);
    expect(expired.filter(Boolean)).toHaveLength(1);
    expect(await persistence.load(id)).toHaveLength(1);
  });

  it("P-43, P-44: has the unique key of what expired free again", async ({ skip }) => {
    const { persistence, advance } = await steered(open, skip);
    const { id } = await hurried(persistence, { uniqueKey: "k" });
    advance(LATE_MS);
    expect(await persistence.post(newJob({ uniqueKey: "k" }))).toMatchObject({ posted: "held" });

    await persistence.expire(id, BY);

    expect(await persistence.post(newJob({ uniqueKey: "k" }))).toMatchObject({ posted: "created" });
  });

  it("P-44: leaves what was begun to its owner", async ({ skip }) => {
    const { persistence, advance } = await steered(open, skip);
    const { id } = await hurried(persistence);
    const raise = raiseOf(id, 0);
    await persistence.raiseControlled(raise, {});
    const owner = { id, token: 1, owner: raise.owner };
    await persistence.suspend(id);
    await appended(persistence, appendOf(owner, 1, { state: "SUSPENDED" }));
    await persistence.resume(id);
    advance(LATE_MS);

    expect(await persistence.job(id)).toMatchObject({ state: "WAITING" });
    expect(await persistence.expire(id, BY)).toBe(false);
    expect((await owned(persistence, id)).token).toBe(2);
  });
}
