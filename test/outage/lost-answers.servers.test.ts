import { describe, expect, it } from "vitest";
import { createCommitter } from "../../persistence/committer.js";
import type { MysqlPersistence } from "../../persistence/mysql/persistence.js";
import { WireProxy } from "../../scripts/lab/wire-proxy.js";
import { databaseOfChapter, openMysql } from "../contracts/mysql.js";
import { appendOf, BOARD, ENDED, newJob, owned, posted, raiseOf } from "../contracts/samples.js";
import { closing } from "../contracts/sqlite.js";

/*
 * The server commits, and its answer never arrives. More answers are lost than one call has tries
 * where that says so: then the one above it has to send the identical thing again (P-19).
 */

const TRIES = 3;

describe("answers that are lost after the commit", () => {
  const empty = databaseOfChapter();

  async function throughProxy(): Promise<{ persistence: MysqlPersistence; proxy: WireProxy }> {
    const url = new URL(await empty());
    const proxy = closing(await WireProxy.start({ to: Number(url.port), word: "COMMIT" }));
    url.port = String(proxy.port);
    const persistence = await openMysql(url.href);
    await persistence.setBoardId(undefined, BOARD);
    return { persistence, proxy };
  }

  it.each([1, 2 * TRIES])("P-19: leave one entry behind, with %i lost in a row", async (lost) => {
    const { persistence, proxy } = await throughProxy();
    const owner = await owned(persistence, (await posted(persistence)).id);
    const committer = closing(createCommitter(persistence));

    proxy.swallow = lost;
    const verdict = await committer.append(appendOf(owner, 1, { state: "REVERTING" }));
    const second = await committer.append(appendOf(owner, 2));

    expect(proxy.swallowed).toBe(lost);
    expect([verdict, second]).toEqual([{ accepted: true }, { accepted: true }]);
    expect((await persistence.load(owner.id)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await persistence.job(owner.id)).toMatchObject({ state: "REVERTING" });
  });

  it("P-19: leave the end of a flow accepted, beside appends that are new", async () => {
    const { persistence, proxy } = await throughProxy();
    const ending = await owned(persistence, (await posted(persistence)).id);
    const going = await owned(persistence, (await posted(persistence)).id);
    const stale = await owned(persistence, (await posted(persistence)).id);
    await owned(persistence, stale.id);

    proxy.swallow = 1;
    const verdicts = await persistence.append([
      appendOf(ending, 1, { changes: ENDED, state: "SUCCESS" }),
      appendOf(going, 1),
      appendOf(stale, 1),
    ]);

    expect(proxy.swallowed).toBe(1);
    expect(verdicts.map(({ accepted }) => accepted)).toEqual([true, true, false]);
    expect(await persistence.job(ending.id)).toMatchObject({ state: "SUCCESS" });
    expect(await persistence.load(going.id)).toHaveLength(1);
    expect(await persistence.load(stale.id)).toEqual([]);
  });

  it("P-11: leave one ownership behind when the raise rode along", async () => {
    const { persistence, proxy } = await throughProxy();
    const { id } = await posted(persistence);
    const raise = raiseOf(id, 0);

    proxy.swallow = 1;
    const append = appendOf({ id, token: 1, owner: raise.owner }, 1, { raise });
    const [verdict] = await persistence.append([append]);

    expect(proxy.swallowed).toBe(1);
    expect(verdict).toEqual({ accepted: true });
    expect(await persistence.ownerships(id)).toHaveLength(1);
    expect(await persistence.load(id)).toHaveLength(1);
  });

  it("P-7: raise a job once", async () => {
    const { persistence, proxy } = await throughProxy();
    const { id } = await posted(persistence);

    proxy.swallow = 1;

    expect(await persistence.raise(raiseOf(id, 0))).toBe(1);
    expect(await persistence.raise(raiseOf(id, 0))).toBeUndefined();
    expect(await persistence.ownerships(id)).toHaveLength(1);
  });

  it("P-1: post a job once, and call it created", async () => {
    const { persistence, proxy } = await throughProxy();
    const job = newJob({ key: { key: "order-1", bodyHash: "h" } });

    proxy.swallow = 2;

    expect(await persistence.post(job)).toEqual({ posted: "created", id: job.id });
    expect(await persistence.post(job)).toEqual({ posted: "existed", id: job.id });
    expect((await persistence.jobs({}, 5)).jobs).toHaveLength(1);
  });

  it("tell PERSISTENCE_DOWN when nothing at all comes back, and recover", async () => {
    const { persistence, proxy } = await throughProxy();
    const { id } = await posted(persistence);

    proxy.blackHole = true;
    await expect(persistence.job(id)).rejects.toMatchObject({ code: "PERSISTENCE_DOWN" });
    proxy.blackHole = false;

    expect(await persistence.job(id)).toMatchObject({ id });
  });
});
