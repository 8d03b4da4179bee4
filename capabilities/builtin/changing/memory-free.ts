import { formatBytes } from "../../../common/text/bytes.js";
import { ABLE, builtin, notAble } from "../define.js";

/** So much memory could be used without swapping. Nothing is set aside for the job. */
export const memoryFree = builtin({
  name: "memory_free",
  summary: "So much memory is free.",
  takes: ["bytes"],
  needs: ["memory_free"],
  cacheMs: 2_000,
  check([bytes], { memory_free: free }) {
    if (free >= bytes) return ABLE;
    const more = `${formatBytes(bytes - free)} more`;
    return notAble(`${formatBytes(free)} free`, formatBytes(bytes), more);
  },
});
