import type { Controls } from "../../../persistence/persistence.js";

/** Whether a raise has to ask more of a job than P-7 does (P-44). */
export function isHeldBack({ startBy }: Controls): boolean {
  return startBy !== undefined;
}
