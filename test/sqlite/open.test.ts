import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobrunnerError } from "../../common/error.js";
import { pickDriver } from "../../sqlite/driver.js";
import { openSqlite } from "../../sqlite/open.js";
import { closing, DRIVERS, tempFile } from "../contracts/sqlite.js";
import { tempDir } from "../support/temp.js";

async function refusal(path: string): Promise<JobrunnerError> {
  const opening = openSqlite(path).then(closing);
  return opening.then(
    () => expect.unreachable("it was opened"),
    (error: JobrunnerError) => error,
  );
}

/** What a person reads: one line with the path, and what to do. */
function expectOneLine(error: JobrunnerError, path: string): void {
  expect(error.code).toBe("PERSISTENCE_DOWN");
  expect(error.message).toContain(path);
  expect(error.message).not.toContain("\n");
  expect(error.hint).toMatch(/^[A-Z].*\.$/);
}

describe("opening a file", () => {
  it("shares one connection between all holders of a file, whatever they call it", async () => {
    const path = tempFile();
    const link = join(tempDir(), "link");
    symlinkSync(dirname(path), link);

    const [one, two] = await Promise.all([openSqlite(path), openSqlite(join(link, "jobs.db"))]);

    expect(two.database).toBe(one.database);
    await one[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    expect(await two.database.read((sql) => sql.get("SELECT 1 AS one"))).toMatchObject({ one: 1 });
    await two[Symbol.asyncDispose]();
  });

  it("gives every holder of :memory: a database of its own", async () => {
    const one = closing(await openSqlite(":memory:"));
    const two = closing(await openSqlite(":memory:"));

    await one.database.write((sql) => sql.exec("CREATE TABLE t (a)"));

    await expect(two.database.read((sql) => sql.get("SELECT * FROM t"))).rejects.toThrow("no such");
  });

  it("says that a directory is missing, and makes none", async () => {
    const path = join(tempDir(), "missing", "jobs.db");

    const error = await refusal(path);

    expectOneLine(error, path);
    expect(error.message).toContain("does not exist");
  });

  it("says that the path is a directory", async () => {
    const path = join(tempDir(), "jobs.db");
    mkdirSync(path);

    const error = await refusal(path);

    expectOneLine(error, path);
    expect(error.message).toContain("directory");
  });

  it("says that a file is not SQLite, and leaves it as it was", async () => {
    const path = tempFile();
    const text = "These are notes, not a database.\n".repeat(200);
    writeFileSync(path, text);

    const error = await refusal(path);

    expectOneLine(error, path);
    expect(error.message).toContain("not an SQLite database");
    expect(error.retryable).toBe(false);
  });

  it("can be tried again after a failure", async () => {
    const path = join(tempDir(), "later", "jobs.db");
    await refusal(path);
    mkdirSync(dirname(path));

    const { database } = closing(await openSqlite(path));

    expect(await database.read((sql) => sql.get("SELECT 1 AS one"))).toMatchObject({ one: 1 });
  });
});

describe("the ladder of drivers", () => {
  it("takes node:sqlite where it is, else libsql", async () => {
    const connection = (await pickDriver())(":memory:");

    expect(connection.driver).toBe(DRIVERS[0]);
    connection.close();
  });

  it.skipIf(DRIVERS.includes("node"))("says what to do where neither is", async () => {
    const picking = pickDriver("node");

    await expect(picking).rejects.toMatchObject({
      code: "PERSISTENCE_DOWN",
      hint: expect.stringContaining("npm install libsql") as string,
    });
  });
});
