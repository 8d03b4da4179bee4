import { totalmem } from "node:os";
import { known, type Reading, type Source, unknown } from "../source.js";

/** Memory of the machine, or of the container where that is less. */
export function memorySource(): Source {
  return {
    names: ["memory_total", "memory_free"],
    everyMs: 30_000,
    read: () => {
      // Without a limit the constraint is 0, or a number far beyond any memory.
      const limit = process.constrainedMemory();
      const total = limit > 0 ? Math.min(totalmem(), limit) : totalmem();
      return {
        memory_total: positive(total),
        // Not os.freemem: memory that caches use is free to whoever needs it.
        memory_free: positive(Math.min(process.availableMemory(), total)),
      };
    },
  };
}

function positive(bytes: number): Reading<number> {
  return bytes > 0 ? known(bytes) : unknown("the system does not tell");
}
