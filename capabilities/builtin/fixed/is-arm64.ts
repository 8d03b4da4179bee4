import { ABLE, builtin, notAble } from "../define.js";

/** The machine's processor, as this Node was built for it, is a 64-bit ARM. */
export const isArm64 = builtin({
  name: "is_arm64",
  summary: "The processor is a 64-bit ARM.",
  takes: [],
  needs: ["arch"],
  cacheMs: Infinity,
  check: (_, { arch }) => (arch === "arm64" ? ABLE : notAble(`the processor is ${arch}`, "arm64")),
});
