import { ABLE, builtin, notAble } from "../define.js";

/** The machine does not run on its battery; one without a battery is always on mains. */
export const onMains = builtin({
  name: "on_mains",
  summary: "The machine is on mains.",
  takes: [],
  needs: ["on_mains"],
  cacheMs: 5_000,
  check: (_, { on_mains: mains }) =>
    mains ? ABLE : notAble("it runs on its battery", "mains", "plug it in"),
});
