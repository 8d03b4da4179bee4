import { toRegistry } from "../capability.js";
import { batteryAbove } from "./changing/battery-above.js";
import { diskFree } from "./changing/disk-free.js";
import { memoryFree } from "./changing/memory-free.js";
import { onMains } from "./changing/on-mains.js";
import { portIsFree } from "./changing/port-is-free.js";
import { hasGpu } from "./fixed/has-gpu.js";
import { hasProgram } from "./fixed/has-program.js";
import { hasTag } from "./fixed/has-tag.js";
import { isArm64 } from "./fixed/is-arm64.js";
import { isX86_64 } from "./fixed/is-x86-64.js";
import { nodeVersion } from "./fixed/node-version.js";
import { notOnAgent } from "./fixed/not-on-agent.js";
import { onAgent } from "./fixed/on-agent.js";
import { osIs } from "./fixed/os-is.js";

/** The capabilities that come with jobrunner, by name. */
export const BUILTIN_CAPABILITIES = toRegistry([
  ...[isX86_64, isArm64, osIs, nodeVersion, hasProgram, hasGpu, hasTag, onAgent, notOnAgent],
  ...[memoryFree, diskFree, portIsFree, onMains, batteryAbove],
]);
