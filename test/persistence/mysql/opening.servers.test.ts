import { describe, expect, inject, it } from "vitest";
import { MIGRATION_NAMES } from "../../../persistence/migrations/migrations.js";
import { openPersistence } from "../../../persistence/open.js";
import { freePort } from "../../../scripts/lab/ports.js";
import { emptyDatabase, openMysql, query } from "../../contracts/mysql.js";
import { appended, appendOf, newJob, owned, posted } from "../../contracts/samples.js";

const server = (): string => inject("mysqlUrl");

function changed(change: (url: URL) => void): string {
  const url = new URL(server());
  change(url);
  return url.href;
}

describe("opening persistence on MariaDB", () => {
  it("lets several agents make the schema at once", async () => {
    const url = await emptyDatabase(server());

    const [one, two] = await Promise.all([openMysql(url), openMysql(url), openMysql(url)]);

    const job = newJob();
    await one.post(job);
    expect(await two.job(job.id)).toMatchObject({ id: job.id });
  });

  it("does a step again that a killed migrator has left half done", async () => {
    const url = await emptyDatabase(server());
    await openMysql(url);
    await query(url, "DELETE FROM jobrunner_migrations");
    await query(url, "UPDATE jobrunner_migrations_lock SET is_locked = 1");
    await query(url, "DROP TABLE entries");

    const persistence = await openMysql(url);

    expect(await persistence.load("nobody")).toEqual([]);
  });

  it("makes the steps that are missing in the middle of those a database has", async () => {
    const url = await emptyDatabase(server());
    await openMysql(url);
    await query(url, "DROP TABLE retries");
    await query(url, "DROP TABLE requirements");
    await query(url, "ALTER TABLE jobs DROP COLUMN traceparent");
    const middle = "name IN ('002-trace', '003-verbs')";
    await query(url, `DELETE FROM jobrunner_migrations WHERE ${middle}`);

    const persistence = await openMysql(url);

    const job = newJob({ required: [{ name: "is_x86_64", args: [] }] });
    await persistence.post(job);
    expect(await persistence.required(job.id)).toEqual(job.required);
    const rows = await query(url, "SELECT name FROM jobrunner_migrations");
    expect(rows.map(({ name }) => name).sort()).toEqual(MIGRATION_NAMES);
  });

  it.each(["jobs", "entries"])(
    "drops no %s that a backup restored without the notes",
    async (table) => {
      const url = await emptyDatabase(server());
      const owner = await owned(await openMysql(url), (await posted(await openMysql(url))).id);
      await appended(await openMysql(url), appendOf(owner, 1));
      await query(url, "DELETE FROM jobrunner_migrations");
      const others = ["jobs", "job_texts", "job_words", "entries", "ownerships"];
      for (const other of others) if (other !== table) await query(url, `DELETE FROM ${other}`);

      await expect(openMysql(url)).rejects.toMatchObject({
        code: "PERSISTENCE_DOWN",
        message: expect.stringContaining(`The table ${table} of`) as string,
        hint: expect.stringContaining("jobrunner_migrations") as string,
      });
      expect(await query(url, `SELECT 1 FROM ${table}`)).toHaveLength(1);
    },
  );

  it("leaves a table of the same name alone that is another's", async () => {
    const url = await emptyDatabase(server());
    await query(url, "CREATE TABLE jobs (boss TEXT)");

    await expect(openMysql(url)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("already exists") as string,
    });
    expect(await query(url, "SELECT * FROM jobs")).toEqual([]);
  });

  it("refuses a database that a newer jobrunner has made", async () => {
    const url = await emptyDatabase(server());
    await openMysql(url);
    await query(
      url,
      "INSERT INTO jobrunner_migrations (name, batch) VALUES ('999-breaking-later', 9)",
    );

    await expect(openMysql(url)).rejects.toMatchObject({
      code: "PERSISTENCE_DOWN",
      message: expect.stringContaining("999-breaking-later") as string,
    });
  });

  it.each([
    ["a wrong password", () => changed((url) => (url.password = "secret")), "refuses this user"],
    ["an unknown database", () => changed((url) => (url.pathname = "/none")), "does not exist"],
    ["TLS that is not there", () => `${server()}?ssl=true`, "TLS"],
  ])("says what is wrong with %s, and no password", async (_name, url, expected) => {
    const error = await openPersistence(url()).catch((failed: unknown) => failed as Error);

    expect(error).toMatchObject({ code: "PERSISTENCE_DOWN" });
    expect(String(error)).toContain(expected);
    expect(String(error)).not.toContain("secret");
  });

  it("says that nobody is there", async () => {
    const port = String(await freePort());

    await expect(openPersistence(changed((url) => (url.port = port)))).rejects.toMatchObject({
      code: "PERSISTENCE_DOWN",
      message: expect.stringContaining("cannot be reached") as string,
    });
  });
});
