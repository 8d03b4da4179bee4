import { ABLE, builtin, notAble } from "../define.js";

/** The machine's processor, as this Node was built for it, is an x86-64. */
export const isX86_64 = builtin({
  name: "is_x86_64",
  summary: "The processor is an x86-64.",
  takes: [],
  needs: ["arch"],
  cacheMs: Infinity,
  check: (_, { arch }) => (arch === "x64" ? ABLE : notAble(`the processor is ${arch}`, "x64")),
});
