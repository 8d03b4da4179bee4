import { describe, expect, it } from "vitest";
import { openPersistence } from "../../persistence/open.js";
import { MIGRATION_NAMES } from "../../persistence/migrations/migrations.js";
import { openSqlite } from "../../sqlite/open.js";
import { closing, openApart, openSteered, tempFile } from "../contracts/sqlite.js";
import { newJob } from "../contracts/samples.js";

describe("opening persistence", () => {
  it("makes the schema of a new file, and keeps what is in one that has it", async () => {
    const url = `sqlite:${tempFile()}`;
    const job = newJob();
    const first = await openPersistence(url);
    await first.post(job);
    await first[Symbol.asyncDispose]();

    const second = closing(await openPersistence(url));

    expect(await second.job(job.id)).toMatchObject({ id: job.id });
  });

  it("lets two connections make the schema of one file at once", async () => {
    const path = tempFile();
    closing(await openSqlite(path)); // Sets WAL mode, as the first to open a file does.
    const [one, two] = [await openApart(path), await openApart(path)];

    await Promise.all([one.migrate(), two.migrate(), one.migrate()]);

    const job = newJob();
    await one.post(job);
    expect(await two.job(job.id)).toMatchObject({ id: job.id });
  });

  it("makes the steps that are missing in the middle of those a file has", async () => {
    const path = tempFile();
    await openSteered({ path });
    const { database } = closing(await openSqlite(path));
    await database.write((sql) => {
      sql.exec("DROP TABLE retries");
      sql.exec("DROP TABLE requirements");
      sql.exec("ALTER TABLE jobs DROP COLUMN traceparent");
      const middle = "name IN ('002-trace', '003-verbs')";
      sql.exec(`DELETE FROM jobrunner_migrations WHERE ${middle}`);
    });

    const persistence = closing(await openPersistence(`sqlite:${path}`));

    const job = newJob({ required: [{ name: "is_x86_64", args: [] }] });
    await persistence.post(job);
    expect(await persistence.required(job.id)).toEqual(job.required);
    const rows = await database.read((sql) => sql.all("SELECT name FROM jobrunner_migrations"));
    expect(rows.map(({ name }) => name).sort()).toEqual(MIGRATION_NAMES);
  });

  it("refuses a file of which a newer jobrunner took something, and leaves it as it is", async () => {
    const path = tempFile();
    await openSteered({ path });
    const { database } = closing(await openSqlite(path));
    const insert =
      "INSERT INTO jobrunner_migrations (name, batch) VALUES ('999-breaking-later', 9)";
    await database.write((sql) => sql.exec(insert));

    const opening = openPersistence(`sqlite:${path}`);

    await expect(opening).rejects.toMatchObject({
      code: "PERSISTENCE_DOWN",
      message: expect.stringContaining("999-breaking-later") as string,
      hint: expect.stringContaining("Upgrade") as string,
    });
    const rows = await database.read((sql) => sql.all("SELECT name FROM jobrunner_migrations"));
    expect(rows.map(({ name }) => name)).toEqual([...MIGRATION_NAMES, "999-breaking-later"]);
  });

  it("takes a file to which a newer jobrunner has added something", async () => {
    const path = tempFile();
    await openSteered({ path });
    const { database } = closing(await openSqlite(path));
    const insert = "INSERT INTO jobrunner_migrations (name, batch) VALUES ('999-later', 9)";
    await database.write((sql) => sql.exec(insert));

    const persistence = closing(await openPersistence(`sqlite:${path}`));

    await expect(persistence.check()).resolves.toBeUndefined();
  });

  it("refuses a file in which a table of the same name is another's", async () => {
    const path = tempFile();
    const { database } = closing(await openSqlite(path));
    await database.write((sql) => sql.exec("CREATE TABLE jobs (boss TEXT)"));

    const opening = openPersistence(`sqlite:${path}`);

    await expect(opening).rejects.toMatchObject({
      code: "INTERNAL",
      message: `The database ${path} refused a statement. (table \`jobs\` already exists)`,
    });
    const tables = await database.read((sql) =>
      sql.all("SELECT name FROM sqlite_master WHERE type = 'table'"),
    );
    expect(tables.map(({ name }) => name)).toEqual(["jobs"]);
  });

  it.each(["postgres://localhost/x", "jobs.db", "sqlite:", ""])(
    "does not know the persistence %j",
    async (url) => {
      await expect(openPersistence(url)).rejects.toMatchObject({ code: "USAGE" });
    },
  );
});
