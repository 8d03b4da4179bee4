import type { Clause } from "../common/job.js";

/*
 * Clauses as authors of flows write them; what they mean on a machine is in builtin/.
 */

/** The machine's processor is an x86-64. */
export function isX86_64(): Clause {
  return { name: "is_x86_64", args: [] };
}

/** The machine's processor is a 64-bit ARM. */
export function isArm64(): Clause {
  return { name: "is_arm64", args: [] };
}

/** Nothing on the machine listens on this TCP port, 1..65535. */
export function portIsFree(port: number): Clause {
  return { name: "port_is_free", args: [port] };
}
