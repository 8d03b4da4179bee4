import { describe, expect, it } from "vitest";
import { parseAddress } from "../../../mysql/address.js";
import { MysqlDatabase } from "../../../mysql/database.js";
import { Session } from "../../../mysql/session.js";
import { sql } from "../../../mysql/sql.js";
import type { MysqlPersistence } from "../../../persistence/mysql/persistence.js";
import { until } from "../../../scripts/lab/until.js";
import { databaseOfChapter, openMysql, query } from "../../contracts/mysql.js";
import { appendOf, newJob, owned, type Owned, posted, raiseOf } from "../../contracts/samples.js";
import { closing } from "../../contracts/sqlite.js";
import { startChild } from "../../protocol/child.js";

/*
 * What several sessions do to one another on a real server. The other one is the test's: what it
 * does and when is certain.
 */

/** MariaDB renews what it tells of transactions every 100 ms, and not while it is asked sooner. */
const SOON = { withinMs: 15_000, everyMs: 150 };

describe("jobs that another session has locked", () => {
  const empty = databaseOfChapter();

  async function open(): Promise<{ persistence: MysqlPersistence; url: string; other: Session }> {
    const url = await empty();
    const persistence = await openMysql(url);
    const other = await Session.open(parseAddress(url), { idleSeconds: 600, silenceMs: 60_000 });
    closing({ [Symbol.asyncDispose]: () => other.close() });
    return { persistence, url, other };
  }

  async function ownedJob(persistence: MysqlPersistence): Promise<Owned> {
    return owned(persistence, (await posted(persistence)).id);
  }

  it("V-3, P-13: an append waits for a raise under way, and is refused behind it", async () => {
    const { persistence, url, other } = await open();
    const owner = await ownedJob(persistence);
    await other.run([
      sql`START TRANSACTION`,
      sql`UPDATE jobs SET token = 2, owner = 'next' WHERE id = ${owner.id}`,
    ]);

    const append = persistence.append([appendOf(owner, 1)]);
    await until(async () => (await waiting(url)).length === 1, SOON);
    await other.run([sql`COMMIT`]);

    expect(await append).toEqual([{ accepted: false }]);
    expect(await persistence.load(owner.id)).toEqual([]);
  });

  it("P-16: appends that met a deadlock are sent again, and are in", async () => {
    const { persistence, url, other } = await open();
    const owners = [await ownedJob(persistence), await ownedJob(persistence)];
    const [first, second] = owners.map(({ id }) => id).sort();
    const locks = (id = ""): ReturnType<typeof sql> =>
      sql`UPDATE jobs SET name = 'locked' WHERE id = ${id}`;
    await other.run([sql`START TRANSACTION`, locks(second)]);

    const append = persistence.append(owners.map((owner) => appendOf(owner, 1)));
    await until(async () => (await waiting(url)).length === 1, SOON);
    await other.run([locks(first)]); // The append holds it, has changed less, and is the victim.
    await other.run([sql`COMMIT`]);

    expect(await append).toEqual([{ accepted: true }, { accepted: true }]);
  });

  it("P-16: an append that waited too long for a lock is sent again, and is in", async () => {
    const { persistence, url, other } = await open();
    const owner = await ownedJob(persistence);
    await other.run([
      sql`START TRANSACTION`,
      sql`SELECT id FROM jobs WHERE id = ${owner.id} FOR UPDATE`,
    ]);

    const append = persistence.append([appendOf(owner, 1)]);
    const [firstTry] = await until(async () => some(await waiting(url)), SOON);
    await until(async () => (await waiting(url)).some((trx) => trx !== firstTry), SOON);
    await other.run([sql`COMMIT`]);

    expect(await append).toEqual([{ accepted: true }]);
    expect(await persistence.load(owner.id)).toHaveLength(1);
  });

  it("P-16: tries end, and the error says what is in the way", async () => {
    const { persistence, url } = await open();
    const owner = await ownedJob(persistence);
    await refuseEntries(url, "SQLSTATE '40001' SET MYSQL_ERRNO = 1213");

    await expect(persistence.append([appendOf(owner, 1)])).rejects.toMatchObject({
      code: "PERSISTENCE_DOWN",
      message: expect.stringContaining("the same rows are locked again and again") as string,
    });
  });

  it("P-16: an error in the middle of a packet takes all of it back, and leaves no lock", async () => {
    const { persistence, url, other } = await open();
    const { id } = await posted(persistence);
    const raise = raiseOf(id, 0);
    const append = appendOf({ id, token: 1, owner: raise.owner }, 1, { raise });
    const free = await refuseEntries(url, "SQLSTATE '45000' SET MESSAGE_TEXT = 'no'");

    await expect(persistence.append([append])).rejects.toMatchObject({ code: "INTERNAL" });
    await other.run([sql`SELECT id FROM jobs WHERE id = ${id} FOR UPDATE NOWAIT`]);
    await free();
    await persistence.append([appendOf({ id: "nobody", token: 1, owner: "nobody" }, 1)]);

    expect(await persistence.job(id)).toMatchObject({ token: 0, state: "WAITING" });
  });

  it("V-8, P-15: a client that is stopped with a batch on its way holds no lock", async () => {
    const { persistence, url, other } = await open();
    const job = await posted(persistence);
    await other.run([
      sql`START TRANSACTION`,
      sql`SELECT id FROM jobs WHERE id = ${job.id} FOR UPDATE`,
    ]);
    const client = startChild("mysql-writer.ts", [url, job.id]);
    expect(await client.next()).toBe("ready");
    await until(async () => (await waiting(url)).length === 1, SOON);

    process.kill(client.pid, "SIGSTOP");
    await other.run([sql`COMMIT`]);
    const began = performance.now();
    await until(async () => (await persistence.job(job.id))?.token === 1, SOON);
    const token = await persistence.raise(raiseOf(job.id, 1));

    expect(token).toBe(2);
    expect(performance.now() - began).toBeLessThan(2_000); // Less than a lock is waited for.
    expect(await persistence.load(job.id)).toHaveLength(1);
  });

  it("P-15: a session that fell silent in a transaction is ended, and its locks with it", async () => {
    const { persistence, url, other } = await open();
    const { id } = await posted(persistence);
    const silent = await Session.open(parseAddress(url), { idleSeconds: 1, silenceMs: 60_000 });
    await silent.run([sql`START TRANSACTION`, sql`SELECT id FROM jobs FOR UPDATE`]);

    await other.run([sql`SET innodb_lock_wait_timeout = 10`]);
    await other.run([sql`UPDATE jobs SET name = 'mine' WHERE id = ${id}`]);

    expect(await persistence.job(id)).toMatchObject({ name: "mine" });
    silent.destroy();
  });

  it.each(["write", "checkpoint"] as const)(
    "P-15: a session to %s has short limits",
    async (kind) => {
      await using database = opened(await empty());

      const { answers } = await database.write(
        [
          sql`SHOW SESSION VARIABLES WHERE Variable_name IN (
          'tx_isolation', 'transaction_isolation',
          'innodb_lock_wait_timeout', 'wait_timeout', 'autocommit', 'time_zone')`,
        ],
        kind,
      );

      const rows = answers[0]?.rows ?? [];
      const limits = new Map(rows.map((row) => [row["Variable_name"], row["Value"]]));
      const isolation = limits.get("transaction_isolation") ?? limits.get("tx_isolation");
      expect(isolation).toBe("READ-COMMITTED"); // The gaps beside missing jobs are not locked.
      expect(Number(limits.get("innodb_lock_wait_timeout"))).toBeLessThanOrEqual(3);
      expect(Number(limits.get("wait_timeout"))).toBeLessThanOrEqual(10); // A lease.
      expect(limits.get("autocommit")).toBe("ON");
      expect(limits.get("time_zone")).toBe("+00:00");
    },
  );

  it("P-14: requests that wait for locked jobs do not hold up the appends of others", async () => {
    const { persistence, other } = await open();
    const owner = await ownedJob(persistence);
    const locked = await ownedJob(persistence);
    await persistence.append([appendOf(locked, 1)]);
    await other.run([
      sql`START TRANSACTION`,
      sql`SELECT id FROM jobs WHERE id = ${locked.id} FOR UPDATE`,
    ]);
    const by = { owner: "x.1", agent: "x", machine: "m" };
    const asked = Array.from({ length: 12 }, () =>
      persistence.cancel(locked.id, by, true).catch((error: unknown) => String(error)),
    );

    const began = performance.now();
    expect(await persistence.append([appendOf(owner, 1)])).toEqual([{ accepted: true }]);
    expect(performance.now() - began).toBeLessThan(1_000);

    const tooMany = await Promise.race(asked); // The others wait behind the first for too long.
    await other.run([sql`COMMIT`]);
    expect(tooMany).toContain("asked for more than this agent's connections can carry");
    expect(await Promise.all(asked)).toContainEqual({ asked: "requested", state: "RUNNING" });
  });

  it("P-41: lines that come while their job is removed leave nothing behind", async () => {
    const { persistence, url, other } = await open();
    const { id } = await posted(persistence);
    await persistence.cancel(id, { owner: "x.1", agent: "x", machine: "m" }, true);
    // What removing does, stopped before its end.
    await other.run([
      sql`START TRANSACTION`,
      sql`DELETE FROM jobs WHERE id = ${id} AND ended_at IS NOT NULL`,
      sql`DELETE FROM job_logs WHERE job = ${id}`,
    ]);

    const line = { at: 1, atom: "a", phase: "execute", stream: "log", text: "late" } as const;
    let added = false;
    const adding = persistence
      .addLogs([{ job: id, token: 1, n: 1, agent: "x", lines: [line] }])
      .finally(() => (added = true));
    await until(async () => added || (await waiting(url)).length === 1, SOON);
    await other.run([sql`COMMIT`]);
    await adding;

    expect(await query(url, "SELECT * FROM job_logs")).toEqual([]);
  });

  it("P-3: takes keys that differ by a blank or by their case for different ones", async () => {
    const { persistence } = await open();
    const keys = ["k", "k ", "K"];

    for (const key of keys) {
      const job = newJob({ key: { key, bodyHash: "h" } });
      expect(await persistence.post(job)).toEqual({ posted: "created", id: job.id });
    }
    const again = newJob({ key: { key: "k ", bodyHash: "h" } });
    expect(await persistence.post(again)).toMatchObject({ posted: "existed" });
  });
});

function opened(url: string): MysqlDatabase & AsyncDisposable {
  const database = new MysqlDatabase(parseAddress(url));
  return Object.assign(database, { [Symbol.asyncDispose]: () => database.close() });
}

/** Transactions of this database that wait for a lock. */
async function waiting(url: string): Promise<readonly unknown[]> {
  const rows = await query(
    url,
    `SELECT concat(t.trx_id, ' ', t.trx_started) AS trx FROM information_schema.innodb_trx t
      JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
      WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'`,
  );
  return rows.map((row) => row["trx"]);
}

function some(found: readonly unknown[]): readonly unknown[] | undefined {
  return found.length === 0 ? undefined : found;
}

/** Every entry ends its statement with an error, until the returned function is called. */
async function refuseEntries(url: string, signal: string): Promise<() => Promise<void>> {
  await query(
    url,
    `CREATE TRIGGER refusing BEFORE INSERT ON entries FOR EACH ROW SIGNAL ${signal}`,
  );
  const free = async (): Promise<void> =>
    void (await query(url, "DROP TRIGGER IF EXISTS refusing"));
  closing({ [Symbol.asyncDispose]: free });
  return free;
}
