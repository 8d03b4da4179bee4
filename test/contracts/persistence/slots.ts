import { expect, it } from "vitest";
import type { Asker, NewJob, Persistence, Raised } from "../../../persistence/persistence.js";
import { appended, appendOf, ENDED, newJob, type Owned, posted, raiseOf } from "../samples.js";
import type { OpenPersistence } from "./subject.js";

const BY: Asker = { owner: "poster.1", agent: "agent-9", machine: "machine-9" };

const slotted = (limit = 2, more: Partial<NewJob> = {}): NewJob =>
  newJob({ concurrency: { key: "import", limit }, ...more });

/** So many jobs that are posted. */
async function several(persistence: Persistence, count: number, limit = 2): Promise<NewJob[]> {
  const jobs: NewJob[] = [];
  for (let n = 0; n < count; n += 1) jobs.push(await posted(persistence, slotted(limit)));
  return jobs;
}

/** An ownership of a job that has, or gets, a slot. */
async function begun(persistence: Persistence, job: NewJob, seen = 0): Promise<Owned> {
  const raise = raiseOf(job.id, seen);
  const raised = await persistence.raiseControlled(raise, job);
  if (raised.raised !== "owned") throw new Error(`job ${job.id} is ${raised.raised}`);
  return { id: job.id, token: raised.token, owner: raise.owner };
}

async function tried(persistence: Persistence, job: NewJob, seen = 0): Promise<Raised["raised"]> {
  return (await persistence.raiseControlled(raiseOf(job.id, seen), job)).raised;
}

async function end(persistence: Persistence, owner: Owned, seq = 1): Promise<void> {
  await appended(persistence, appendOf(owner, seq, { changes: ENDED, state: "SUCCESS" }));
}

export function testSlots(open: OpenPersistence): void {
  testTaking(open);
  testKeeping(open);
  testFreeing(open);
  testTelling(open);
}

function testTaking(open: OpenPersistence): void {
  it("P-45: lets as many jobs of a key begin as its limit says, and the next when one is over", async () => {
    const { persistence } = await open();
    const [one, two, three] = (await several(persistence, 3)) as [NewJob, NewJob, NewJob];
    const first = await begun(persistence, one);
    await begun(persistence, two);

    expect(await tried(persistence, three)).toBe("full");
    expect(await persistence.job(three.id)).toMatchObject({ state: "WAITING", token: 0 });
    expect(await persistence.ownerships(three.id)).toEqual([]);
    await end(persistence, first);
    expect(await tried(persistence, three)).toBe("owned");

    const { held } = await persistence.slots("import", 10);
    expect(held).toEqual([two.id, three.id]);
  });

  it("P-45: gives the slots to as many as there are of 20 that begin at once", async () => {
    const { persistence } = await open();
    const jobs = await several(persistence, 20, 3);

    const answers = await Promise.all(jobs.map((job) => tried(persistence, job)));

    expect(answers.filter((answer) => answer === "owned")).toHaveLength(3);
    expect(answers.filter((answer) => answer === "full")).toHaveLength(17);
    expect((await persistence.slots("import", 10)).held).toHaveLength(3);
  });

  it("P-45: counts each key for itself, and no job without one", async () => {
    const { persistence } = await open();
    const one = await posted(persistence, slotted(1));
    const other = await posted(
      persistence,
      slotted(1, { concurrency: { key: "Import", limit: 1 } }),
    );
    const plain = await posted(persistence);
    await begun(persistence, one);

    expect(await tried(persistence, other)).toBe("owned");
    expect(await persistence.raise(raiseOf(plain.id, 0))).toBe(1);
  });

  it("P-45: goes by the limit that each job has itself", async () => {
    const { persistence } = await open();
    const [one, two] = (await several(persistence, 2)) as [NewJob, NewJob];
    const [narrow, wide] = [
      await posted(persistence, slotted(1)),
      await posted(persistence, slotted(3)),
    ];
    await begun(persistence, one);

    expect(await tried(persistence, narrow)).toBe("full");
    expect(await tried(persistence, two)).toBe("owned");
    expect(await tried(persistence, wide)).toBe("owned");
    expect(await tried(persistence, narrow)).toBe("full");
  });

  it("P-7, P-45: takes no slot for a raise that is refused", async () => {
    const { persistence } = await open();
    const [one, two] = (await several(persistence, 2, 1)) as [NewJob, NewJob];

    expect(await tried(persistence, one, 5)).toBe("refused");
    expect(await tried(persistence, two)).toBe("owned");
  });
}

function testKeeping(open: OpenPersistence): void {
  it("P-45: leaves a job its slot when it is handed over, when its owner dies or is released", async () => {
    const { persistence } = await open();
    const [one, two] = (await several(persistence, 2, 1)) as [NewJob, NewJob];
    const first = await begun(persistence, one);
    await appended(persistence, appendOf(first, 1, { changes: [{ change: "handover" }] }));

    expect(await tried(persistence, two)).toBe("full");
    expect(await tried(persistence, one, 1)).toBe("owned");
    expect(await tried(persistence, two)).toBe("full");
    expect(await tried(persistence, one, 2)).toBe("owned");
    await persistence.release(one.id);
    expect(await tried(persistence, two)).toBe("full");
    expect(await tried(persistence, one, 4)).toBe("owned");
  });

  it("P-45: leaves it its slot while it is suspended, and back", async () => {
    const { persistence } = await open();
    const [one, two] = (await several(persistence, 2, 1)) as [NewJob, NewJob];
    const owner = await begun(persistence, one);
    await persistence.suspend(one.id);
    await appended(persistence, appendOf(owner, 1, { state: "SUSPENDED" }));

    expect(await tried(persistence, two)).toBe("full");
    await persistence.resume(one.id);
    expect(await tried(persistence, two)).toBe("full");
    expect(await persistence.slots("import", 10)).toEqual({ held: [one.id], waiting: [] });
    expect(await tried(persistence, one, 1)).toBe("owned");
  });

  it("P-45: takes a job that begins for started: its deadline is kept (P-44)", async () => {
    const { persistence } = await open();
    const startBy = (await persistence.now()) + 60_000;
    const [one, two] = [
      await posted(persistence, slotted(1, { startBy })),
      await posted(persistence, slotted(1, { startBy })),
    ];
    await begun(persistence, one);

    expect(await tried(persistence, two)).toBe("full");
    expect(await persistence.job(two.id)).toMatchObject({
      ...{ startBy, concurrency: { key: "import", limit: 1 } },
    });
  });
}

function testFreeing(open: OpenPersistence): void {
  it("P-45: is given back by the owner that has suspended the job, and by no other", async () => {
    const { persistence } = await open();
    const [one, two] = (await several(persistence, 2, 1)) as [NewJob, NewJob];
    const owner = await begun(persistence, one);
    await persistence.giveBackSlot(one.id, owner.owner);
    expect(await tried(persistence, two)).toBe("full");
    const changes = [{ change: "flow", to: "SUSPENDED" }] as const;
    const reason = { code: "FLOW_CHANGED", message: "it is built in another way" } as const;
    await appended(persistence, appendOf(owner, 1, { changes, state: "SUSPENDED", reason }));
    await persistence.giveBackSlot(one.id, "somebody.else");
    expect(await tried(persistence, two)).toBe("full");

    await persistence.giveBackSlot(one.id, owner.owner);

    const next = await begun(persistence, two);
    await persistence.resume(one.id);
    expect(await tried(persistence, one, owner.token)).toBe("full");
    await end(persistence, next);
    expect(await tried(persistence, one, owner.token)).toBe("owned");
  });

  it.each(["REVERTED", "FAILURE", "CANCELLED"] as const)(
    "P-45: frees the slot of a job with the entry that ends it in %s",
    async (state) => {
      const { persistence } = await open();
      const [one, two] = (await several(persistence, 2, 1)) as [NewJob, NewJob];
      const owner = await begun(persistence, one);
      await appended(persistence, appendOf(owner, 1, { changes: ENDED, state }));

      expect((await persistence.slots("import", 10)).held).toEqual([]);
      expect(await tried(persistence, two)).toBe("owned");
    },
  );

  it("P-45: frees it when a suspended job is cancelled without owner", async () => {
    const { persistence } = await open();
    const [one, two] = (await several(persistence, 2, 1)) as [NewJob, NewJob];
    const owner = await begun(persistence, one);
    await persistence.suspend(one.id);
    await appended(persistence, appendOf(owner, 1, { state: "SUSPENDED" }));

    await persistence.cancel(one.id, BY, false);

    expect((await persistence.slots("import", 10)).held).toEqual([]);
    expect(await tried(persistence, two)).toBe("owned");
  });

  it("P-45: has nothing left of jobs that are removed", async () => {
    const { persistence } = await open();
    const [one, two] = (await several(persistence, 2, 1)) as [NewJob, NewJob];
    await end(persistence, await begun(persistence, one));
    await persistence.remove(one.id);

    expect(await tried(persistence, two)).toBe("owned");
    await persistence.cancel(two.id, BY, true);
    await persistence.remove(two.id);
    expect(await persistence.slots("import", 10)).toEqual({ held: [], waiting: [] });
    expect(await tried(persistence, await posted(persistence, slotted(1)))).toBe("owned");
  });
}

function testTelling(open: OpenPersistence): void {
  it("P-45: tells which job is next: by priority, then age, those that are due and wait", async () => {
    const { persistence } = await open();
    const [one, two, three, four, gone] = (await several(persistence, 5, 2)) as [
      ...[NewJob, NewJob, NewJob, NewJob, NewJob],
    ];
    const urgent = await posted(persistence, slotted(4, { priority: 7 }));
    await posted(persistence, slotted(1)); // As many as it would bear.
    await posted(persistence, slotted(2, { runAt: (await persistence.now()) + 60_000 }));
    await begun(persistence, one);
    await persistence.suspend(three.id);
    await persistence.cancel(gone.id, BY, true);
    await persistence.reprioritise(four.id, 3);

    const { held, waiting } = await persistence.slots("import", 10);

    expect(held).toEqual([one.id]);
    expect(waiting).toEqual([
      { id: urgent.id, needs: urgent.needs, priority: 7, limit: 4 },
      { id: four.id, needs: four.needs, priority: 3, limit: 2 },
      { id: two.id, needs: two.needs, priority: 0, limit: 2 },
    ]);
    const few = await persistence.slots("import", 2);
    expect(few.waiting.map(({ id }) => id)).toEqual([urgent.id, four.id]);
    expect(await persistence.slots("import", 0)).toEqual({ held: [one.id], waiting: [] });
    expect(await persistence.slots("nobody's", 10)).toEqual({ held: [], waiting: [] });
  });

  it("P-45: tells the sweep which jobs wait for one", async () => {
    const { persistence } = await open();
    const [one, two] = (await several(persistence, 2, 1)) as [NewJob, NewJob];
    await begun(persistence, one);
    await posted(persistence);

    const [started, waits, plain] = await persistence.open(10);

    expect([started?.id, waits?.id]).toEqual([one.id, two.id]);
    expect([started?.slotKey, waits?.slotKey, plain?.slotKey]).toEqual([
      ...[undefined, "import", undefined],
    ]);
  });
}
