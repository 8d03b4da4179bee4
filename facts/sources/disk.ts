import { statfs } from "node:fs/promises";
import { known, type KeyedSource, unknown } from "../source.js";

/**
 * Paths asked at once. Each keeps a thread of Node's four until its file system answers, which that
 * of a network disk that is gone never does; without threads the agent could read no file at all.
 */
const PATHS_MAX = 2;

/** Free space of the file system that a path lies on; `ask` is the system's own statfs. */
export function diskSource(ask: typeof freeAt = freeAt): KeyedSource<"disk_free"> {
  const asked = new Set<string>();
  return {
    name: "disk_free",
    everyMs: 5_000,
    async read(path) {
      if (asked.size >= PATHS_MAX) {
        return unknown(`the file systems of ${[...asked].join(" and ")} do not answer`);
      }
      asked.add(path);
      try {
        return known(await ask(path));
      } finally {
        asked.delete(path);
      }
    },
  };
}

async function freeAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
