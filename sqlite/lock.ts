import { pickDriver } from "./driver.js";
import { faultOf, toDatabaseError } from "./faults.js";

/** A lock of the operating system on a file; gone when its process is, however it ended. */
export interface FileLock {
  release(): void;
}

/**
 * Gives a function that takes the lock on a file (making the file), or returns undefined when
 * another process holds it. Node has no file locks of its own; an exclusive SQLite transaction is
 * one on every platform, and needs no helper program.
 */
export async function fileLocks(): Promise<(path: string) => FileLock | undefined> {
  const open = await pickDriver();
  return (path) => {
    let connection: ReturnType<typeof open> | undefined;
    try {
      connection = open(path);
      connection.exec("PRAGMA busy_timeout = 0");
      connection.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      connection?.close();
      if (faultOf(error) === "busy") return undefined;
      throw toDatabaseError(error, path);
    }
    const held = connection;
    return { release: () => held.close() };
  };
}
