import type { Clause } from "../common/job.js";
import type { Json } from "../common/json.js";

/*
 * Clauses as authors of flows write them; what they mean on a machine is in builtin/. Bytes are a
 * number or a text such as "2GB" or "512MiB".
 */

function clause(name: string, ...args: readonly Json[]): Clause {
  return { name, args };
}

/** The machine's processor is an x86-64. */
export const isX86_64 = (): Clause => clause("is_x86_64");
/** The machine's processor is a 64-bit ARM. */
export const isArm64 = (): Clause => clause("is_arm64");
/** The operating system: linux, android, macos, windows, freebsd. */
export const osIs = (system: string): Clause => clause("os_is", system);
/** The version of Node lies in the range, such as ">=22". */
export const nodeVersion = (range: string): Clause => clause("node_version", range);
/** A program of that name is on the agent's PATH. */
export const hasProgram = (name: string): Clause => clause("has_program", name);
/** There is a graphics processor. */
export const hasGpu = (): Clause => clause("has_gpu");
/** The agent has the tag: "room=study", or "room" with whatever value. */
export const hasTag = (tag: string): Clause => clause("has_tag", tag);
/** The agent of that name and no other. */
export const onAgent = (name: string): Clause => clause("on_agent", name);
/** Any agent but the one of that name. */
export const notOnAgent = (name: string): Clause => clause("not_on_agent", name);
/** So much memory is free. */
export const memoryFree = (bytes: number | string): Clause => clause("memory_free", bytes);
/** So much of the disk that holds the absolute path is free. */
export const diskFree = (path: string, bytes: number | string): Clause =>
  clause("disk_free", path, bytes);
/** Nothing on the machine listens on this TCP port, 1..65535. */
export const portIsFree = (port: number): Clause => clause("port_is_free", port);
/** The machine is on mains. */
export const onMains = (): Clause => clause("on_mains");
/** The battery holds more than so many percent, or there is none. */
export const batteryAbove = (percent: number): Clause => clause("battery_above", percent);
