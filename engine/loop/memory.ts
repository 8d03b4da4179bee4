import { fold } from "../apply.js";
import type { Sources } from "../args.js";
import type { AtomNode } from "../compile/node.js";
import { halts, isBegun, type Present } from "../decide.js";
import type { AtomRecord } from "../state.js";
import type { EngineOptions } from "./options.js";

/** What one owner knows: the folded journal, and what no journal tells. */
export interface Memory extends Sources {
  readonly present: LivePresent;
}

export interface LivePresent extends Present {
  readonly voting: Set<AtomNode>;
  halted: boolean;
  /** True while a retry of the author's own is being asked. */
  asking: boolean;
}

/** Folds the journal. Throws BAD_RECORD for one that is not of this flow. */
export function remember({ plan, store, entries, plain }: EngineOptions): Memory {
  const state = fold(plan, entries);
  const records = state.records.filter((record): record is AtomRecord => record !== undefined);
  const orphans = records.filter(isBegun);
  if (plain?.askAgain === true) {
    for (const record of records) if (isAskedAgain(record)) state.undecided.add(record.atom);
  }
  return {
    plan,
    state,
    store,
    present: {
      orphans: new Set(orphans.map((record) => record.atom)),
      approved: new Map(),
      voting: new Set(),
      // TaskFlow forgets a failed revert when the flow is loaded anew, and goes on with the rest.
      halted: plain?.rerun !== true && records.some((record) => halts(plan, record.state)),
      asking: false,
    },
  };
}

function isAskedAgain({ atom, state }: AtomRecord): boolean {
  return state === "FAILURE" && atom.retry !== undefined;
}
