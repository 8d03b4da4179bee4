import { expect, it } from "vitest";
import type { Change } from "../../../engine/journal.js";
import { RESULT_BYTES_MAX } from "../../../persistence/persistence.js";
import type { OpenPersistence } from "./subject.js";
import {
  appended,
  appendOf,
  BOARD,
  ENDED,
  newJob,
  type Owned,
  owned,
  posted,
  raiseOf,
  STARTED,
} from "../samples.js";

const RESULT = (result: string): readonly Change[] => [
  { change: "atom", atom: "A", to: "SUCCESS", result },
];

export function testAppending(open: OpenPersistence): void {
  it("loads what was appended, in order, with its owner's token and a time", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);

    await appended(persistence, appendOf(owner, 1));
    await appended(persistence, appendOf(owner, 2, { changes: RESULT("done \u0000 \u{1f600}") }));
    const entries = await persistence.load(owner.id);

    expect(entries).toMatchObject([
      { seq: 1, token: 1, changes: STARTED },
      { seq: 2, token: 1, changes: RESULT("done \u0000 \u{1f600}") },
    ]);
    expect(entries[0]?.at).toBeGreaterThan(0);
  });

  it("loads what was appended since, with the names that atoms have now", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);
    const changes: readonly Change[] = [
      { change: "migrated", from: 1, to: 2, renamed: { A: "B" } },
    ];
    await appended(persistence, appendOf(owner, 1));
    await appended(persistence, appendOf(owner, 2, { changes: RESULT("done") }));
    await appended(persistence, appendOf(owner, 3, { changes }));

    const since = await persistence.load(owner.id, 1);

    expect(since.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(since[0]?.changes).toMatchObject([{ atom: "B" }]);
    expect(await persistence.load(owner.id, 3)).toEqual([]);
  });

  it("loads nothing of a job without entries", async () => {
    const { persistence } = await open();

    expect(await persistence.load((await posted(persistence)).id)).toEqual([]);
  });

  it("P-14: changes the flow of a job with the entry that says so, and not without it", async () => {
    const { persistence } = await open();
    const job = await posted(persistence);
    const owner = await owned(persistence, job.id);
    const needs = { ...job.needs, version: 2 };
    const spec = { ...job.spec, children: [{ kind: "task", name: "B" }] } as const;
    const flow = { needs, spec, flowHash: "other", params: { who: "you" } };
    const changes: readonly Change[] = [
      { change: "migrated", from: 1, to: 2, renamed: { A: "B" } },
    ];
    await appended(persistence, appendOf(owner, 1));
    const moving = { changes, flow };

    const stale = { ...owner, owner: "nobody" };
    expect(await appended(persistence, appendOf(stale, 2, moving))).toEqual({ accepted: false });
    expect(await persistence.job(job.id)).toMatchObject(job);
    expect(await appended(persistence, appendOf(owner, 2, moving))).toEqual({ accepted: true });

    expect(await persistence.job(job.id)).toMatchObject({ ...job, ...flow });
    expect((await persistence.load(job.id)).map((entry) => entry.changes)).toEqual([
      [{ change: "atom", atom: "B", to: "RUNNING" }],
      changes,
    ]);
    expect((await persistence.ownerships(job.id)).at(-1)).toMatchObject({ ended: "handover" });
    expect((await persistence.open(10)).map((one) => one.needs)).toEqual([needs]);
  });

  it("P-14: refuses a first try whose place is taken, changes nothing of its job, takes its neighbours", async () => {
    const { persistence } = await open();
    const owners = [];
    for (let index = 0; index < 3; index += 1) {
      owners.push(await owned(persistence, (await posted(persistence)).id));
    }
    const [first, taken, last] = owners as [Owned, Owned, Owned];
    await appended(persistence, appendOf(taken, 1));

    const verdicts = await persistence.append([
      appendOf(first, 1, { changes: ENDED, state: "SUCCESS" }),
      appendOf(taken, 1, { changes: ENDED, state: "SUCCESS" }),
      appendOf(last, 1),
    ]);

    expect(verdicts.map(({ accepted }) => accepted)).toEqual([true, false, true]);
    expect(await persistence.job(first.id)).toMatchObject({ state: "SUCCESS" });
    expect(await persistence.job(taken.id)).toMatchObject({ state: "RUNNING" });
    expect(await persistence.load(taken.id)).toMatchObject([{ seq: 1, changes: STARTED }]);
    expect((await persistence.ownerships(taken.id))[0]).not.toHaveProperty("ended");
    expect(await appended(persistence, appendOf(taken, 1))).toEqual({ accepted: false });
  });

  it("P-19: accepts an append again that is there, refuses another at its place", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);
    const end = appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" });
    await appended(persistence, end);
    const before = await persistence.job(owner.id);

    const again = await appended(persistence, { ...end, repeated: true });
    const other = await appended(persistence, appendOf(owner, 1, { repeated: true }));

    expect([again.accepted, other.accepted]).toEqual([true, false]);
    expect(await persistence.job(owner.id)).toEqual(before);
    expect(await persistence.load(owner.id)).toHaveLength(1);
  });

  it("P-14: takes all jobs of a batch in one go and answers in its order", async () => {
    const { persistence } = await open();
    const jobs = Array.from({ length: 100 }, () => newJob());
    for (const job of jobs) await posted(persistence, job);
    const owners = await Promise.all(jobs.map(({ id }) => owned(persistence, id)));
    const isStale = (index: number): boolean => index % 3 === 0;
    const batch = owners.map((owner, index) =>
      appendOf(isStale(index) ? { ...owner, token: 99 } : owner, 1),
    );

    const verdicts = await persistence.append(batch);

    expect(verdicts.map(({ accepted }) => accepted)).toEqual(
      owners.map((_, index) => !isStale(index)),
    );
    for (const [index, { id }] of owners.entries()) {
      expect(await persistence.load(id)).toHaveLength(isStale(index) ? 0 : 1);
    }
  });

  it("sets the state with the entry, and the end's time with an end", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);

    await appended(persistence, appendOf(owner, 1, { state: "REVERTING" }));
    expect(await persistence.job(owner.id)).toMatchObject({ state: "REVERTING" });

    await appended(persistence, appendOf(owner, 2, { changes: ENDED, state: "REVERTED" }));
    const row = await persistence.job(owner.id);
    expect(row?.state).toBe("REVERTED");
    expect(row?.endedAt).toBeGreaterThanOrEqual(row?.postedAt ?? Infinity);
    expect(await persistence.ownerships(owner.id)).toMatchObject([{ ended: "outcome" }]);
  });

  it("parks a job with the reason", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);
    const reason = { code: "POISON", message: "three owners died in A" } as const;

    await appended(persistence, appendOf(owner, 1, { state: "SUSPENDED", reason }));

    expect(await persistence.job(owner.id)).toMatchObject({ state: "SUSPENDED", reason });
    expect(await persistence.raise(raiseOf(owner.id, 1))).toBeUndefined();
  });

  it("notes a hand-over as the end of the ownership and leaves the job startable", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);

    await appended(persistence, appendOf(owner, 1, { changes: [{ change: "handover" }] }));
    await persistence.endOwnership(owner.id, owner.token, "lost");

    expect(await persistence.ownerships(owner.id)).toMatchObject([{ ended: "handover" }]);
    expect(await persistence.startable([owner.id])).toEqual(new Set([owner.id]));
  });

  it("P-11: raises and appends in one go, or does neither", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const raise = raiseOf(id, 0);
    const late = raiseOf(id, 0);

    const owner = { id, token: 1, owner: raise.owner };
    expect(await appended(persistence, appendOf(owner, 1, { raise }))).toEqual({ accepted: true });

    const loser = { id, token: 1, owner: late.owner };
    const refused = await appended(persistence, appendOf(loser, 1, { raise: late }));
    expect(refused).toEqual({ accepted: false });
    expect(await persistence.ownerships(id)).toMatchObject([{ owner: raise.owner, firstSeq: 1 }]);
    expect(await persistence.load(id)).toHaveLength(1);
  });

  it("refuses a raising append on another board", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const raise = raiseOf(id, 0, { boardId: `${BOARD}-other` });

    const owner = { id, token: 1, owner: raise.owner };

    expect(await appended(persistence, appendOf(owner, 1, { raise }))).toEqual({ accepted: false });
    expect(await persistence.job(id)).toMatchObject({ token: 0, state: "WAITING" });
  });

  it("stores a result of exactly the largest size and gives it back", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);
    const text = "x".repeat(RESULT_BYTES_MAX - 2); // Two quotes.

    await appended(persistence, appendOf(owner, 1, { changes: RESULT(text) }));

    expect((await persistence.load(owner.id))[0]?.changes).toEqual(RESULT(text));
  });

  it("refuses a result above the largest size by naming its atom, and stores nothing", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);
    const append = appendOf(owner, 1, { changes: RESULT("é".repeat(RESULT_BYTES_MAX / 2)) });

    const appending = persistence.append([append]);

    await expect(appending).rejects.toMatchObject({ code: "TOO_LARGE" });
    await expect(appending).rejects.toThrow('"A"');
    expect(await persistence.load(owner.id)).toEqual([]);
  });

  it("tells an owner that parked its job from one that was asked to suspend it", async () => {
    const { persistence } = await open();
    const parked = await owned(persistence, (await posted(persistence)).id);
    const asked = await owned(persistence, (await posted(persistence)).id);
    await persistence.suspend(asked.id);
    const reason = { code: "POISON", message: "it kills its owners" } as const;

    await appended(persistence, appendOf(parked, 1, { state: "SUSPENDED", reason }));
    await appended(persistence, appendOf(asked, 1, { state: "SUSPENDED" }));

    expect(await persistence.ownerships(parked.id)).toMatchObject([{ ended: "parked" }]);
    expect(await persistence.ownerships(asked.id)).toMatchObject([{ ended: "suspended" }]);
  });

  it("hands the job's request out with every append", async () => {
    const { persistence } = await open();
    const owner = await owned(persistence, (await posted(persistence)).id);
    await appended(persistence, appendOf(owner, 1));

    await persistence.suspend(owner.id);

    expect(await appended(persistence, appendOf(owner, 2))).toEqual({
      accepted: true,
      request: "suspend",
    });
  });
}
