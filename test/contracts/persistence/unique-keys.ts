import { expect, it } from "vitest";
import type { Asker, NewJob } from "../../../persistence/persistence.js";
import { appended, appendOf, ENDED, newJob, owned, posted } from "../samples.js";
import { endedJob, retryOf } from "./retrying.js";
import type { OpenPersistence } from "./subject.js";

const BY: Asker = { owner: "poster.1", agent: "agent-9", machine: "machine-9" };

const keyed = (more: Partial<NewJob> = {}): NewJob => newJob({ uniqueKey: "order-17", ...more });

export function testUniqueKeys(open: OpenPersistence): void {
  testHolding(open);
  testFreeing(open);
  testBesideOtherKeys(open);
}

function testHolding(open: OpenPersistence): void {
  it("P-43: refuses another job with the key of one that is not over, and stores nothing", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence, keyed());
    const held = (state: string) => ({ posted: "held", id, state });
    const other = keyed({ key: { key: "k", bodyHash: "h" } });

    expect(await persistence.post(other)).toEqual(held("WAITING"));
    const owner = await owned(persistence, id);
    expect(await persistence.post(other)).toEqual(held("RUNNING"));
    await persistence.suspend(id);
    await appended(persistence, appendOf(owner, 1, { state: "SUSPENDED" }));
    expect(await persistence.post(other)).toEqual(held("SUSPENDED"));

    expect(await persistence.job(other.id)).toBeUndefined();
    expect(await persistence.postedBefore({ key: "k", bodyHash: "h" })).toBeUndefined();
    expect(await persistence.job(id)).toMatchObject({ uniqueKey: "order-17" });
    expect((await persistence.jobs({}, 10)).jobs).toMatchObject([{ id, uniqueKey: "order-17" }]);
  });

  it("P-43: takes keys that differ in case alone, and jobs without any, for what they are", async () => {
    const { persistence } = await open();
    await posted(persistence, keyed());

    const answers = await Promise.all(
      [keyed({ uniqueKey: "Order-17" }), newJob(), newJob()].map((job) => persistence.post(job)),
    );

    expect(answers.map((answer) => answer.posted)).toEqual(["created", "created", "created"]);
  });

  it("P-43: takes one of 20 jobs that are posted with one key at once", async () => {
    const { persistence } = await open();
    const jobs = Array.from({ length: 20 }, (_, n) =>
      keyed({ key: { key: `post-${n}`, bodyHash: "h" } }),
    );

    const answers = await Promise.all(jobs.map((job) => persistence.post(job)));

    const [taken, ...more] = answers.filter((answer) => answer.posted === "created");
    expect(more).toEqual([]);
    const refused = answers.filter((answer) => answer.posted === "held");
    expect(refused).toHaveLength(19);
    expect(new Set(refused.map(({ id }) => id))).toEqual(new Set([taken?.id]));
    expect((await persistence.jobs({}, 50)).jobs).toHaveLength(1);
  });
}

function testFreeing(open: OpenPersistence): void {
  it.each(["SUCCESS", "REVERTED", "FAILURE", "CANCELLED"] as const)(
    "P-43: has the key free again as soon as its job ended in %s",
    async (state) => {
      const { persistence } = await open();
      const owner = await owned(persistence, (await posted(persistence, keyed())).id);
      await appended(persistence, appendOf(owner, 1, { changes: ENDED, state }));
      const next = keyed();

      expect(await persistence.post(next)).toEqual({ posted: "created", id: next.id });

      const held = { posted: "held", id: next.id, state: "WAITING" };
      expect(await persistence.post(keyed())).toEqual(held);
      expect(await persistence.job(owner.id)).toMatchObject({ state, uniqueKey: "order-17" });
    },
  );

  it("P-43: has it free again when the job was cancelled before it began", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence, keyed());
    await persistence.cancel(id, BY, true);

    expect(await persistence.post(keyed())).toMatchObject({ posted: "created" });
  });

  it("P-43: leaves it to a newer job when the one that had it before is removed", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence, keyed());
    await persistence.cancel(id, BY, true);
    const next = keyed();
    await persistence.post(next);

    await persistence.remove(id);

    expect(await persistence.post(keyed())).toMatchObject({ posted: "held", id: next.id });
    await persistence.cancel(next.id, BY, true);
    await persistence.remove(next.id);
    expect(await persistence.post(keyed())).toMatchObject({ posted: "created" });
  });

  it("P-43: is free for exactly one of those that post while its job ends", async () => {
    const { persistence } = await open();
    for (let round = 0; round < 5; round += 1) {
      const uniqueKey = `round-${round}`;
      const owner = await owned(persistence, (await posted(persistence, keyed({ uniqueKey }))).id);
      const end = appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" });

      const [, ...answers] = await Promise.all([
        appended(persistence, end),
        ...Array.from({ length: 6 }, () => persistence.post(keyed({ uniqueKey }))),
      ]);

      const taken = answers.filter(({ posted }) => posted === "created").length;
      expect(taken).toBeLessThanOrEqual(1);
      const last = await persistence.post(keyed({ uniqueKey }));
      expect(last.posted).toBe(taken === 1 ? "held" : "created");
    }
  });
}

function testBesideOtherKeys(open: OpenPersistence): void {
  it("P-1, P-43: gives the same job for the same idempotency key, whatever has the unique key", async () => {
    const { persistence } = await open();
    const key = { key: "post-1", bodyHash: "h" };
    const { id } = await posted(persistence, keyed({ key }));

    expect(await persistence.post(keyed({ key }))).toEqual({ posted: "existed", id });
    await persistence.cancel(id, BY, true);
    await persistence.post(keyed());
    expect(await persistence.post(keyed({ key }))).toEqual({ posted: "existed", id });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        persistence.post(keyed({ uniqueKey: "other", key: { key: "post-2", bodyHash: "h" } })),
      ),
    );
    expect(answers.map(({ posted }) => posted).sort()).toEqual(
      ["created", ...Array.from({ length: 9 }, () => "existed")].sort(),
    );
  });

  it("P-39, P-43: tells of a retry whose key is another job's from one whose results are spent", async () => {
    const { persistence } = await open();
    const origin = await endedJob(persistence, "FAILURE");
    const { id } = await posted(persistence, keyed());

    const held = await persistence.post(retryOf(origin, { uniqueKey: "order-17" }));
    await persistence.cancel(id, BY, true);
    const taken = await persistence.post(retryOf(origin, { uniqueKey: "order-17" }));
    const spent = await persistence.post(retryOf(origin, { uniqueKey: "order-18" }));

    expect([held, taken, spent]).toMatchObject([
      { posted: "held", id },
      { posted: "created" },
      { posted: "spent", id: taken.id },
    ]);
  });
}
