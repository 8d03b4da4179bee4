import { availableParallelism, cpus } from "node:os";
import { known, type Source, unknown } from "../source.js";

/** The processors. Phones hide /proc/cpuinfo: their number is known nevertheless. */
export function cpuSource(): Source {
  return {
    names: ["cpu_model", "cpu_count"],
    read: () => {
      const model = cpus()[0]?.model.trim() ?? "";
      const named = model !== "" && model !== "unknown";
      return {
        cpu_model: named ? known(model) : unknown("the system does not name its processor"),
        cpu_count: known(availableParallelism()),
      };
    },
  };
}
