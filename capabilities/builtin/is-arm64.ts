import { arch } from "node:os";
import { defineCapability } from "../capability.js";

/** The machine's processor, as this Node was built for it, is a 64-bit ARM. */
export const isArm64 = defineCapability({
  name: "is_arm64",
  summary: "The processor is a 64-bit ARM.",
  cacheMs: Infinity,
  check() {
    if (arch() === "arm64") return { able: true };
    return { able: false, observed: `the processor is ${arch()}`, needed: "arm64" };
  },
});
