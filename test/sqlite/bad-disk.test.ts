import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { JobrunnerError } from "../../common/error.js";
import { openSqlite } from "../../sqlite/open.js";
import { openSqlitePersistence } from "../../persistence/sqlite/persistence.js";
import { appended, appendOf, owned, posted } from "../contracts/samples.js";
import { closing, DRIVERS, openSteered, tempFile } from "../contracts/sqlite.js";
import { tempDir } from "../support/temp.js";

const root = process.getuid?.() === 0;

/** A file system of its own, so that it can be full or read-only; root only. */
function mountTmpfs(size: string): string {
  const path = tempDir();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path]);
  onTestFinished(() => void execFileSync("umount", ["-l", path]));
  return path;
}

function canMount(): boolean {
  if (!root || process.platform !== "linux") return false;
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false; // A container without the right to mount.
  }
}

const mounts = canMount();
if (!mounts) console.warn("SKIPPED: the full and the read-only disk need root and mount(8)");

async function refusal(work: () => Promise<unknown>): Promise<JobrunnerError> {
  return work().then(
    () => expect.unreachable("it worked"),
    (error: JobrunnerError) => error,
  );
}

describe.each(DRIVERS)("a bad disk with the driver %s", (driver) => {
  it("reports a file that cannot grow, loses nothing, and goes on when there is room", async () => {
    const path = tempFile();
    const { persistence } = await openSteered({ path, driver });
    const owner = await owned(persistence, (await posted(persistence)).id);
    const { database } = closing(await openSqlite(path, driver));
    const pages = await database.read((sql) => Number(sql.get("PRAGMA page_count")?.page_count));
    await database.read((sql) => sql.get(`PRAGMA max_page_count = ${pages + 2}`));
    const large = appendOf(owner, 1, {
      changes: [{ change: "saved", atom: "A", value: "x".repeat(200_000) }],
    });

    const error = await refusal(() => persistence.append([large]));

    expect(error).toMatchObject({ code: "PERSISTENCE_DOWN", retryable: true });
    expect(error.message).toContain("full");
    expect(await persistence.load(owner.id)).toEqual([]);
    expect(await appended(persistence, appendOf(owner, 1))).toEqual({ accepted: true });
    await database.read((sql) => sql.get("PRAGMA max_page_count = 1000000"));
    expect(await appended(persistence, { ...large, seq: 2 })).toEqual({ accepted: true });
  });

  it.skipIf(!mounts)("survives a full disk and goes on after space is freed", async () => {
    const directory = mountTmpfs("600k");
    const path = join(directory, "jobs.db");
    const { persistence } = await openSteered({ path, driver });
    const owner = await owned(persistence, (await posted(persistence)).id);
    const value = "x".repeat(20_000);
    let acknowledged = 0;

    const error = await refusal(async () => {
      for (;;) {
        const changes = [{ change: "saved", atom: "A", value }] as const;
        await appended(persistence, appendOf(owner, acknowledged + 1, { changes }));
        acknowledged += 1;
      }
    });

    expect(error).toMatchObject({ code: "PERSISTENCE_DOWN", retryable: true });
    expect(await persistence.load(owner.id)).toHaveLength(acknowledged);
    execFileSync("mount", ["-o", "remount,size=8m", directory]);
    const next = appendOf(owner, acknowledged + 1, { repeated: true });
    expect(await appended(persistence, next)).toEqual({ accepted: true });
  });

  it.skipIf(!mounts)("says that a disk is read-only before anything is posted", async () => {
    const directory = mountTmpfs("1m");
    const path = join(directory, "jobs.db");
    writeFileSync(path, "");
    execFileSync("mount", ["-o", "remount,ro", directory]);

    const error = await refusal(() => openSqlitePersistence(path, { driver }));

    expect(error).toMatchObject({ code: "PERSISTENCE_DOWN", retryable: false });
    expect(error.message).toContain("read-only");
    expect(error.hint).toContain("writable");
  });

  it.skipIf(root)("says that a file is read-only for this user", async () => {
    const path = tempFile();
    writeFileSync(path, "");
    chmodSync(path, 0o444);

    const error = await refusal(() => openSqlitePersistence(path, { driver }));

    expect(error).toMatchObject({ code: "PERSISTENCE_DOWN", retryable: false });
    expect(error.message).toContain("read-only");
  });

  it("says that a file is damaged", async () => {
    const path = tempFile();
    await openSteered({ path, driver });
    const { database } = closing(await openSqlite(path, driver));
    await database.read((sql) => sql.get("PRAGMA wal_checkpoint(TRUNCATE)"));
    const copy = tempFile();
    const root = "SELECT rootpage AS page FROM sqlite_schema WHERE name = 'entries'";
    const page = Number((await database.read((sql) => sql.get(root)))?.["page"]);
    const bytes = readFileSync(path);
    // Not the schema, which is read when the file is opened.
    writeFileSync(copy, bytes.fill(0xff, (page - 1) * 4096, page * 4096));
    const damaged = closing(await openSqlite(copy, driver)).database;

    const error = await refusal(() => damaged.read((sql) => sql.all("SELECT * FROM entries")));

    expect(error).toMatchObject({ code: "PERSISTENCE_DOWN", retryable: false });
    expect(error.message).toContain("damaged");
  });
});
