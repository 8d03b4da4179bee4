import type { Controls } from "../../../persistence/persistence.js";

/** Whether a raise has to ask more of a job than P-7 does (P-44, P-45). */
export function isHeldBack({ startBy, concurrency }: Controls): boolean {
  return startBy !== undefined || concurrency !== undefined;
}
