import type { LogsEndView } from "../../../common/wire/logs.js";

/** The last line of a stream of one job. */
export function endText({ state }: LogsEndView): string {
  return state === "gone" ? "the job was removed" : `the job is over: ${state}`;
}
