import type { Failure } from "../../common/failure.js";
import type { FlowSpec } from "../flow.js";
import type { Entry } from "../journal.js";

/** Milliseconds until the flow's time is over, by what its journal tells; undefined: no limit. */
export function leftMs(
  { timeoutMs }: FlowSpec,
  entries: readonly Entry[],
  now: number,
): number | undefined {
  return timeoutMs === undefined ? undefined : timeoutMs - ranMs(entries, now);
}

export function overtime({ name, timeoutMs }: FlowSpec): Failure {
  return { name: "TimeoutError", message: `flow "${name}" took longer than ${timeoutMs} ms` };
}

/** How long a flow has run, over all its owners; while it is suspended no time passes. */
function ranMs(entries: readonly Entry[], now: number): number {
  let ran = 0;
  let since: number | undefined;
  for (const { at, changes } of entries) {
    for (const change of changes) {
      if (change.change !== "flow") continue;
      if (change.to !== "SUSPENDED") since ??= at;
      else if (since !== undefined) {
        ran += at - since;
        since = undefined;
      }
    }
  }
  return since === undefined ? ran : ran + now - since;
}
