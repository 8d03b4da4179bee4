import { expect, it } from "vitest";
import type { OpenPersistence } from "./subject.js";
import { appended, appendOf, BOARD, ENDED, newJob, owned, posted, raiseOf } from "../samples.js";

export function testRaising(open: OpenPersistence): void {
  it("gives the first owner token 1 and sets the job running", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const raise = raiseOf(id, 0);

    expect(await persistence.raise(raise)).toBe(1);
    expect(await persistence.job(id)).toMatchObject({
      state: "RUNNING",
      token: 1,
      owner: raise.owner,
    });
  });

  it("lets one of 20 raises at once through", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const raises = Array.from({ length: 20 }, () => raiseOf(id, 0));

    const tokens = await Promise.all(raises.map((raise) => persistence.raise(raise)));

    expect(tokens.filter((token) => token !== undefined)).toEqual([1]);
    expect(await persistence.ownerships(id)).toHaveLength(1);
  });

  it("raises nothing when the token is not the one that was seen", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    await owned(persistence, id);

    expect(await persistence.raise(raiseOf(id, 0))).toBeUndefined();
    expect(await persistence.raise(raiseOf(id, 2))).toBeUndefined();
    expect(await persistence.raise(raiseOf("nobody", 0))).toBeUndefined();
  });

  it("raises nothing on a board that is not the one in use", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);

    expect(await persistence.raise(raiseOf(id, 0, { boardId: "other" }))).toBeUndefined();
  });

  it("raises nothing before any board is agreed on", async () => {
    const { persistence } = await open();
    const job = newJob();
    await persistence.post(job);

    expect(await persistence.raise(raiseOf(job.id, 0))).toBeUndefined();
  });

  it("raises a job only when it is due", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const now = await persistence.now();
    const { id } = await posted(persistence, newJob({ runAt: now + 5_000 }));

    advance(4_999);
    expect(await persistence.raise(raiseOf(id, 0))).toBeUndefined();

    advance(1);
    expect(await persistence.raise(raiseOf(id, 0))).toBe(1);
  });

  it("raises no job that is over", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const first = await owned(persistence, id);
    await appended(persistence, appendOf(first, 1, { changes: ENDED, state: "SUCCESS" }));

    expect(await persistence.raise(raiseOf(id, 1))).toBeUndefined();
  });

  it("keeps REVERTING when the next owner takes over", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    await appended(persistence, appendOf(await owned(persistence, id), 1, { state: "REVERTING" }));

    await owned(persistence, id);

    expect(await persistence.job(id)).toMatchObject({ state: "REVERTING", token: 2 });
  });

  it("remembers all owners, where their part of the journal begins, and how they ended", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const first = await owned(persistence, id, { agent: "agent-a", machine: "m-a" });
    await appended(persistence, appendOf(first, 1));
    await appended(persistence, appendOf(first, 2));
    await owned(persistence, id, { agent: "agent-b", machine: "m-b" });

    await persistence.endOwnership(id, 1, "runner-died");
    await persistence.endOwnership(id, 1, "lost");
    await persistence.endOwnership(id, 7, "lost");
    const owners = await persistence.ownerships(id);

    expect(owners).toMatchObject([
      { token: 1, agent: "agent-a", machine: "m-a", firstSeq: 1, ended: "runner-died" },
      { token: 2, agent: "agent-b", machine: "m-b", firstSeq: 3 },
    ]);
    expect(owners[0]?.endedAt).toBeGreaterThan(0);
    expect(owners[1]?.ended).toBeUndefined();
  });

  it("changes the board in use only from the one that was seen", async () => {
    const { persistence } = await open();

    expect(await persistence.boardId()).toBeUndefined();
    expect(await persistence.setBoardId("other", BOARD)).toBe(false);
    expect(await persistence.setBoardId(undefined, BOARD)).toBe(true);
    expect(await persistence.setBoardId(undefined, "late")).toBe(false);
    expect(await persistence.setBoardId(BOARD, "next")).toBe(true);
    expect(await persistence.boardId()).toBe("next");
  });
}
