import { arch } from "node:os";
import { defineCapability } from "../capability.js";

/** The machine's processor, as this Node was built for it, is an x86-64. */
export const isX86_64 = defineCapability({
  name: "is_x86_64",
  summary: "The processor is an x86-64.",
  cacheMs: Infinity,
  check() {
    if (arch() === "x64") return { able: true };
    return { able: false, observed: `the processor is ${arch()}`, needed: "x64" };
  },
});
