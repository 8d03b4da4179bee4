import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import { Database } from "../../sqlite/database.js";
import { openSqlite } from "../../sqlite/open.js";
import { apart, closing, DRIVERS, tempFile } from "../contracts/sqlite.js";
import type { DriverName } from "../../sqlite/connection.js";

const TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)";
const INSERT = "INSERT INTO t (id, text) VALUES (?, ?)";

async function opened(driver: DriverName, path = tempFile()): Promise<Database> {
  const { database } = closing(await openSqlite(path, driver));
  await database.write((sql) => sql.exec(`CREATE TABLE IF NOT EXISTS${TABLE.slice(12)}`));
  return database;
}

function count(database: Database): Promise<number> {
  return database.read((sql) => Number(sql.get("SELECT count(*) AS n FROM t")?.n));
}

describe.each(DRIVERS)("a database with the driver %s", (driver) => {
  it("gives back what was written, of every type", async () => {
    const database = await opened(driver);
    const now = 1_795_507_268_680;
    await database.write((sql) => sql.exec("CREATE TABLE v (a, b, c, d)"));

    await database.write((sql) =>
      sql.run("INSERT INTO v VALUES (?, ?, ?, ?)", now, "é😀", 1.5, null),
    );

    const row = await database.read((sql) => sql.get("SELECT * FROM v"));
    expect(row).toMatchObject({ a: now, b: "é😀", c: 1.5, d: null });
  });

  it("is in WAL mode, waits 20 ms for locks and checks foreign keys", async () => {
    const database = await opened(driver);

    const settings = await database.read((sql) =>
      ["journal_mode", "busy_timeout", "foreign_keys", "synchronous"].map(
        (name) => Object.values(sql.get(`PRAGMA ${name}`) ?? {})[0],
      ),
    );

    expect(settings).toEqual(["wal", 20, 1, 2]);
  });

  it("syncs to the disk for every durable write, and only for those", async () => {
    const database = await opened(driver);
    const mode = (): unknown =>
      Object.values(database.glance((sql) => sql.get("PRAGMA synchronous")) ?? {})[0];

    await database.write((sql) => sql.run(INSERT, 1, "kept"), { durable: false });
    expect(mode()).toBe(1);

    const both = [
      database.write((sql) => sql.run(INSERT, 2, "kept"), { durable: false }),
      database.write((sql) => sql.run(INSERT, 3, "kept")),
    ];
    await Promise.all(both);
    expect(mode()).toBe(2);
  });

  it("commits all writes of one turn together", async () => {
    const database = await opened(driver);
    let commits = 0;
    const stop = database.onCommit(() => (commits += 1));

    await Promise.all(
      Array.from({ length: 50 }, (_, id) => database.write((sql) => sql.run(INSERT, id, "x"))),
    );
    stop();
    await database.write((sql) => sql.run(INSERT, 100, "x"));

    expect(commits).toBe(1);
    expect(await count(database)).toBe(51);
  });

  it("undoes a write that fails and leaves its neighbours alone", async () => {
    const database = await opened(driver);
    const failing = (): never => {
      throw new JobrunnerError("CONFLICT", "not this one");
    };

    const results = await Promise.allSettled([
      database.write((sql) => sql.run(INSERT, 1, "a")),
      database.write((sql) => {
        sql.run(INSERT, 2, "b");
        failing();
      }),
      database.write((sql) => sql.run(INSERT, 1, "the same id again")),
      database.write((sql) => sql.run(INSERT, 3, "c")),
    ]);

    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    expect(results[1]).toMatchObject({ reason: { code: "CONFLICT" } });
    expect(results[2]).toMatchObject({ reason: { code: "INTERNAL" } });
    const rows = await database.read((sql) => sql.all("SELECT id FROM t ORDER BY id"));
    expect(rows.map(({ id }) => id)).toEqual([1, 3]);
  });

  it("undoes a write that fails alone", async () => {
    const database = await opened(driver);

    const writing = database.write((sql) => {
      sql.run(INSERT, 1, "a");
      throw new Error("stop");
    });

    await expect(writing).rejects.toThrow("stop");
    expect(await count(database)).toBe(0);
  });

  it("commits in the same call when told to, with what has gathered", async () => {
    const database = await opened(driver);
    const gathered = database.write((sql) => sql.run(INSERT, 1, "a"));

    const atOnce = database.write((sql) => sql.run(INSERT, 2, "b"), { atOnce: true });
    const seen = database.glance((sql) => Number(sql.get("SELECT count(*) AS n FROM t")?.n));

    expect(seen).toBe(2);
    expect(await Promise.all([gathered, atOnce])).toEqual([1, 1]);
  });

  it("P-17: waits for another process's transaction and then goes on", async () => {
    const path = tempFile();
    const database = await opened(driver, path);
    const other = closing(await apart(path, driver)).database.connection;
    other.exec("BEGIN IMMEDIATE");

    const writing = database.write((sql) => sql.run(INSERT, 1, "a"));
    setTimeout(() => other.exec("COMMIT"), 60);

    expect(await writing).toBe(1);
  });

  it("gives up after a while, as something that may be tried again", async () => {
    const path = tempFile();
    const database = new Database((await opened(driver, path)).connection, path, 100);
    const other = closing(await apart(path, driver)).database.connection;
    other.exec("BEGIN IMMEDIATE");

    const writing = database.write((sql) => sql.run(INSERT, 1, "a"));

    await expect(writing).rejects.toMatchObject({ code: "PERSISTENCE_DOWN", retryable: true });
    other.exec("ROLLBACK");
    expect(await count(database)).toBe(0);
    expect(await database.write((sql) => sql.run(INSERT, 1, "a"))).toBe(1);
  });

  it("never blocks the event loop for long while another process writes", async () => {
    const path = tempFile();
    const database = await opened(driver, path);
    const other = closing(await apart(path, driver)).database.connection;
    other.exec("BEGIN IMMEDIATE");
    let last = performance.now();
    let longest = 0;
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);

    const writing = database.write((sql) => sql.run(INSERT, 1, "a"));
    setTimeout(() => other.exec("COMMIT"), 500);
    await writing;
    clearInterval(beat);

    // 20 ms in SQLite and a busy machine; a busy_timeout of seconds would show as such.
    expect(longest).toBeLessThan(250);
  });

  it("keeps others away from a transaction that awaits", async () => {
    const database = await opened(driver);
    const order: string[] = [];

    const exclusive = database.exclusive(async () => {
      database.connection.exec("BEGIN IMMEDIATE");
      await new Promise((resolve) => setTimeout(resolve, 20));
      database.connection.exec("COMMIT");
      order.push("exclusive");
    });
    const writing = database.write((sql) => {
      order.push("write");
      return sql.run(INSERT, 1, "a");
    });
    const reading = count(database).then(() => order.push("read"));
    await Promise.all([exclusive, writing, reading]);

    expect(order[0]).toBe("exclusive");
    expect(order).toHaveLength(3);
  });

  it("undoes an exclusive transaction that fails half-way", async () => {
    const database = await opened(driver);

    const working = database.exclusive(async () => {
      database.connection.exec("BEGIN IMMEDIATE");
      database.connection.exec("INSERT INTO t VALUES (1, 'a')");
      await Promise.reject(new Error("half-way"));
    });

    await expect(working).rejects.toThrow("half-way");
    expect(await count(database)).toBe(0);
    expect(await database.write((sql) => sql.run(INSERT, 1, "a"))).toBe(1);
  });

  it("finishes what was asked before it closes, and refuses what comes later", async () => {
    const path = tempFile();
    const sqlite = await openSqlite(path, driver);
    const writing = sqlite.database.write((sql) => sql.exec(TABLE));

    await sqlite[Symbol.asyncDispose]();
    await writing;

    const late = sqlite.database.read((sql) => sql.get("SELECT 1"));
    await expect(late).rejects.toMatchObject({ code: "PERSISTENCE_DOWN" });
    const again = closing(await openSqlite(path, driver));
    expect(await count(again.database)).toBe(0);
  });
});
