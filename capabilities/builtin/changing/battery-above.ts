import { ABLE, builtin, notAble } from "../define.js";

/** The battery holds more than so many percent; a machine without one has nothing to drain. */
export const batteryAbove = builtin({
  name: "battery_above",
  summary: "The battery holds more than so many percent, or there is none.",
  takes: ["percent"],
  needs: ["battery"],
  cacheMs: 10_000,
  check([percent], { battery }) {
    if (battery === null || battery > percent) return ABLE;
    return notAble(`the battery is at ${battery} %`, `more than ${percent} %`, "plug it in");
  },
});
