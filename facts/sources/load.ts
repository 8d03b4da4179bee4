import { loadavg } from "node:os";
import { known, type Place, type Source, unknown } from "../source.js";

/** How busy the machine is. */
export function loadSource({ platform }: Pick<Place, "platform">): Source {
  return {
    names: ["load"],
    everyMs: 30_000,
    read: () => ({
      load:
        platform === "win32" ? unknown("Windows has no load average") : known(loadavg()[0] ?? 0),
    }),
  };
}
