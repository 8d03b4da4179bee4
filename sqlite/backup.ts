import { existsSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { JobrunnerError } from "../common/error.js";
import { openSqlite } from "./open.js";

/**
 * Copies the database `path`, as it is at one moment, into the new file `to`; others go on writing
 * meanwhile. `to` appears when it is whole and on the disk. Returns its size in bytes. Rejects with
 * USAGE when there is nothing to copy or `to` exists, with PERSISTENCE_DOWN for what the disk says.
 */
export async function backUp(path: string, to: string): Promise<number> {
  if (!existsSync(path)) {
    throw new JobrunnerError("USAGE", `There is no database ${path} yet.`, {
      hint: "An agent makes it when it starts; jobrunner config show tells where.",
    });
  }
  if (existsSync(to)) {
    throw new JobrunnerError("USAGE", `${to} exists.`, { hint: "Name a new file." });
  }
  const part = `${to}.part`;
  await rm(part, { force: true }); // Of a backup that was cut off.
  const sqlite = await openSqlite(path);
  try {
    await sqlite.database.read((sql) => sql.run("VACUUM INTO ?", part));
    await sync(part);
    await rename(part, to);
  } finally {
    await sqlite[Symbol.asyncDispose]();
    await rm(part, { force: true });
  }
  return statSync(to).size;
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
