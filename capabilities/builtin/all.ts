import { toRegistry } from "../capability.js";
import { isArm64 } from "./is-arm64.js";
import { isX86_64 } from "./is-x86-64.js";
import { portIsFree } from "./port-is-free.js";

/** The capabilities that come with jobrunner, by name. */
export const BUILTIN_CAPABILITIES = toRegistry([isX86_64, isArm64, portIsFree]);
