import { expect, it } from "vitest";
import type { OpenPersistence } from "./subject.js";
import { appended, appendOf, ENDED, newJob, owned, posted } from "../samples.js";

export function testSweeping(open: OpenPersistence): void {
  it("pages through the startable jobs in order of id", async () => {
    const { persistence } = await open();
    const ids: string[] = [];
    for (let index = 0; index < 9; index += 1) {
      const { id } = await posted(persistence);
      ids.push(id);
      if (index % 3 === 0) continue;
      const owner = await owned(persistence, id);
      if (index % 3 === 2) await appended(persistence, appendOf(owner, 1, { state: "REVERTING" }));
    }

    const found: string[] = [];
    for (let page = await persistence.open(2); page.length > 0;) {
      found.push(...page.map(({ id }) => id));
      page = await persistence.open(2, found.at(-1));
    }

    expect(found).toEqual([...ids].sort());
  });

  it("leaves out jobs that are over or suspended", async () => {
    const { persistence } = await open();
    const over = await owned(persistence, (await posted(persistence)).id);
    await appended(persistence, appendOf(over, 1, { changes: ENDED, state: "SUCCESS" }));
    const suspended = await posted(persistence);
    await persistence.suspend(suspended.id);
    const waiting = await posted(persistence);

    const open1 = await persistence.open(10);

    expect(open1.map(({ id }) => id)).toEqual([waiting.id]);
    expect(await persistence.startable([over.id, suspended.id, waiting.id, "nobody"])).toEqual(
      new Set([waiting.id]),
    );
  });

  it("says what the board has to know of each", async () => {
    const { persistence } = await open();
    const job = await posted(persistence, newJob({ priority: 9 }));

    expect(await persistence.open(10)).toEqual([
      { id: job.id, needs: job.needs, priority: 9, dueInMs: 0, owned: false },
    ]);
    await owned(persistence, job.id);
    expect(await persistence.open(10)).toMatchObject([{ owned: true }]);
  });

  it("counts down to the moment a job is due", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const now = await persistence.now();
    await posted(persistence, newJob({ runAt: now + 5_000 }));

    expect(await persistence.open(10)).toMatchObject([{ dueInMs: 5_000 }]);
    advance(3_000);
    expect(await persistence.open(10)).toMatchObject([{ dueInMs: 2_000 }]);
    advance(3_000);
    expect(await persistence.open(10)).toMatchObject([{ dueInMs: 0 }]);
  });

  it("gives the regular sweep to one agent, and to one again when it is due (P-31)", async ({
    skip,
  }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const everyMs = 30_000;
    const ask = () => Promise.all(Array.from({ length: 8 }, () => persistence.takeSweep(everyMs)));

    const first = await ask();
    expect(first.filter(({ mine }) => mine)).toHaveLength(1);
    advance(20_000);
    expect(await persistence.takeSweep(everyMs)).toEqual({ mine: false, nextInMs: 10_000 });
    advance(10_000);
    const second = await ask();
    expect(second.filter(({ mine }) => mine)).toHaveLength(1);
    // The clock of the database was set back.
    advance(-3_600_000);
    expect(await persistence.takeSweep(everyMs)).toEqual({ mine: true, nextInMs: everyMs });
  });
}
