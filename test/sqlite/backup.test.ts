import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openPersistence } from "../../persistence/open.js";
import { backUp } from "../../sqlite/backup.js";
import { newJob } from "../contracts/samples.js";
import { apart, closing, tempFile } from "../contracts/sqlite.js";
import { tempDir } from "../support/temp.js";

describe("a backup of a database file", () => {
  it("holds what was there at one moment, while others write on", async () => {
    const path = tempFile();
    const persistence = closing(await openPersistence(`sqlite:${path}`));
    const before = Array.from({ length: 50 }, () => newJob());
    for (const job of before) await persistence.post(job);
    const to = join(tempDir(), "copy.db");

    const [bytes] = await Promise.all([
      backUp(path, to),
      ...Array.from({ length: 50 }, () => persistence.post(newJob())),
    ]);

    expect(bytes).toBeGreaterThan(0);
    expect(existsSync(`${to}.part`)).toBe(false);
    const copy = closing(await openPersistence(`sqlite:${to}`));
    for (const { id } of before) expect(await copy.job(id)).toMatchObject({ id });
    const { jobs } = await persistence.jobs({}, 500);
    expect(jobs).toHaveLength(100);
  });

  it("waits for nobody who is in the middle of a write in another process", async () => {
    const path = tempFile();
    const persistence = closing(await openPersistence(`sqlite:${path}`));
    const job = newJob();
    await persistence.post(job);
    const { database } = closing(await apart(path));
    database.connection.exec("BEGIN IMMEDIATE");
    database.connection.exec("DELETE FROM jobs");
    const to = join(tempDir(), "copy.db");

    await backUp(path, to);
    database.connection.exec("ROLLBACK");

    const copy = closing(await openPersistence(`sqlite:${to}`));
    expect(await copy.job(job.id)).toMatchObject({ id: job.id });
  });

  it("overwrites nothing, and makes no database where there is none", async () => {
    const path = tempFile();
    const to = join(tempDir(), "copy.db");

    await expect(backUp(path, to)).rejects.toMatchObject({ code: "USAGE" });
    expect(existsSync(path)).toBe(false);
    closing(await openPersistence(`sqlite:${path}`));
    writeFileSync(to, "mine");
    await expect(backUp(path, to)).rejects.toMatchObject({
      ...{ code: "USAGE", message: `${to} exists.` },
    });
  });

  it("leaves nothing behind when the place cannot be written to", async () => {
    const path = tempFile();
    closing(await openPersistence(`sqlite:${path}`));
    const to = join(tempDir(), "nowhere", "copy.db");

    await expect(backUp(path, to)).rejects.toMatchObject({ code: "PERSISTENCE_DOWN" });
    expect(existsSync(to)).toBe(false);
  });
});
