import type { Change } from "../../../engine/journal.js";
import type { KillAt } from "../options.js";

/** `before entry 3 was stored` */
export function describeMoment({ entry, when }: KillAt): string {
  return `${when} entry ${entry} was stored`;
}

/** `before entry 3 was stored (greet SUCCESS, post_retry RUNNING)` */
export function describeKill(at: KillAt, changes: readonly Change[]): string {
  return `${describeMoment(at)} (${changes.map(describeChange).join(", ")})`;
}

function describeChange(change: Change): string {
  switch (change.change) {
    case "atom":
      return `${change.atom} ${change.to}`;
    case "flow":
      return `flow ${change.to}`;
    case "decision":
      return `${change.retry} decides ${change.decision} for ${change.atom}`;
    case "ignore":
      return `${change.atoms.join(" and ")} IGNORE`;
    case "reset":
      return `${change.retry} starts anew`;
    case "wait":
      return `${change.retry} waits`;
    case "kept":
      return `${change.atom} kept`;
    case "saved":
      return `${change.atom} saved a value`;
    case "again":
      return `${change.atoms.join(" and ")} again`;
    case "cancel":
      return "cancelled";
    case "handover":
      return "handed over";
    case "migrated":
      return `migrated to version ${change.to}`;
  }
}
