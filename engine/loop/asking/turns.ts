import type { Change } from "../../journal.js";
import type { Memory } from "../memory.js";

/**
 * Whether an answer that is out may not be wanted any more after this change. Atoms that start and
 * succeed turn nothing, and neither does a "no" about atoms that nobody is asked about: there are
 * as many of these as atoms, and looking at all that is out for each would take quadratic time.
 */
export function mayTurn({ plan, present }: Memory, change: Change): boolean {
  switch (change.change) {
    case "atom":
      return change.to !== "RUNNING" && change.to !== "SUCCESS";
    case "ignore":
      return change.atoms.some((name) => {
        const atom = plan.atoms.get(name);
        return atom !== undefined && present.voting.has(atom);
      });
    default:
      return true;
  }
}
