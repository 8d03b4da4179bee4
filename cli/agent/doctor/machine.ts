import { access, constants, statfs } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { formatBytes } from "../../../common/text/bytes.js";
import type { CheckedView } from "../../../common/wire/doctor.js";
import { pickDriver } from "../../../sqlite/driver.js";
import { type Check, fail, ok, warn } from "./check.js";

/** Less is a warning, bytes: journals, logs and a vacuum need room. */
const DISK_FREE_WARN = 1024 ** 3;
const DISK_FREE_FAIL = 64 * 1024 ** 2;
/** Releases of Node below this one get no more repairs. */
const NODE_KEPT = 22;
const NODE_OLDEST = [20, 19] as const;

export function nodeCheck(node: string): CheckedView {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const [oldest, oldestMinor] = NODE_OLDEST;
  if (major < oldest || (major === oldest && minor < oldestMinor)) {
    const fix = `install Node ${NODE_KEPT} or newer from https://nodejs.org`;
    return fail("node", `${node} is older than ${NODE_OLDEST.join(".")}`, fix);
  }
  if (major >= NODE_KEPT) return ok("node", node);
  const fix = `Node ${NODE_KEPT}.13 and newer bring their own SQLite`;
  return warn("node", `${node} works, and gets no more repairs`, fix);
}

/** The ladder that the database and the locks of agents climb. */
export const SQLITE: Check = {
  name: "sqlite",
  async look() {
    const open = await pickDriver();
    open(":memory:").close();
    return [ok("sqlite", "there is a driver for this Node")];
  },
};

export const STATE: Check = {
  name: "state",
  async look({ directory }) {
    const there = nearestThere(directory);
    await access(there, constants.W_OK | constants.X_OK).catch((error: unknown) => {
      throw new Error(`nobody with your rights may write to ${there}`, { cause: error });
    });
    const detail = there === directory ? directory : `${directory}, which the first agent makes`;
    return [ok("state", detail), await space(there)];
  },
};

async function space(path: string): Promise<CheckedView> {
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  const detail = `${formatBytes(free)} free where the state is`;
  const fix = "jobrunner gc --older-than 7d removes jobs that are over; see retention as well";
  if (free < DISK_FREE_FAIL) return fail("disk", detail, fix);
  return free < DISK_FREE_WARN ? warn("disk", detail, fix) : ok("disk", detail);
}

/** The path, or the folder above it that exists. */
export function nearestThere(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestThere(dirname(path));
}
