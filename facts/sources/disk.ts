import { statfs } from "node:fs/promises";
import { known, type KeyedSource } from "../source.js";

/** Free space of the file system that a path lies on. */
export function diskSource(): KeyedSource<"disk_free"> {
  return {
    name: "disk_free",
    everyMs: 5_000,
    async read(path) {
      const { bavail, bsize } = await statfs(path);
      return known(bavail * bsize);
    },
  };
}
