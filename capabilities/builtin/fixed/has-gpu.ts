import { ABLE, builtin, notAble } from "../define.js";

/** There is a graphics processor that programs may compute with. */
export const hasGpu = builtin({
  name: "has_gpu",
  summary: "There is a graphics processor.",
  takes: [],
  needs: ["gpus"],
  cacheMs: Infinity,
  check: (_, { gpus }) =>
    gpus.length > 0 ? ABLE : notAble("there is no graphics processor", "one"),
});
