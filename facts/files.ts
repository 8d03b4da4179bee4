import { access, readdir, readFile } from "node:fs/promises";

/* Files of /proc and /sys. One that is not there, or hidden as on phones, is undefined or false. */

export async function readText(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(() => undefined);
}

export async function namesIn(directory: string): Promise<readonly string[] | undefined> {
  return readdir(directory).catch(() => undefined);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
