import { formatBytes } from "../../../common/text/bytes.js";
import { ABLE, builtin, notAble } from "../define.js";

/** An ordinary user may still write so much to the file system that holds the path. */
export const diskFree = builtin({
  name: "disk_free",
  summary: "So much of the disk that holds the path is free.",
  takes: ["path", "bytes"],
  needs: ["disk_free"],
  cost: "dear",
  cacheMs: 5_000,
  limitMs: 2_000,
  async check([path, bytes], _, { about }) {
    const fact = await about("disk_free", path);
    if ("unknown" in fact) return fact;
    if (fact.known >= bytes) return ABLE;
    const more = `${formatBytes(bytes - fact.known)} more at ${path}`;
    return notAble(`${formatBytes(fact.known)} free`, formatBytes(bytes), more);
  },
});
