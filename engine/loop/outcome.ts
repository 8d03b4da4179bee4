import type { Failure } from "../../common/failure.js";
import { NOT_STARTED } from "../args.js";
import type { Outcome } from "../bodies.js";
import type { AtomNode } from "../compile/node.js";
import type { AtomState } from "../journal.js";
import { recordOf } from "../state.js";
import type { Desk } from "./desk.js";

/** Moves an atom to a state that has no value of its own. */
export function moveTo(desk: Desk, atom: AtomNode, to: AtomState): void {
  desk.emit({ change: "atom", atom: atom.name, to });
}

/** What a body, or the engine in its stead, made of an atom. */
export function settle(desk: Desk, atom: AtomNode, outcome: Outcome): void {
  const reverting = recordOf(desk.state, atom).state === "REVERTING";
  const moved = { change: "atom", atom: atom.name } as const;
  if (outcome.ok) {
    desk.emit({ ...moved, to: reverting ? "REVERTED" : "SUCCESS", result: outcome.value });
  } else {
    const to = reverting ? "REVERT_FAILURE" : "FAILURE";
    desk.emit({ ...moved, to, failure: outcome.failure });
  }
}

/** An atom that fails before its body began; its revert has nothing to do. */
export function failUnstarted(desk: Desk, atom: AtomNode, failure: Failure): void {
  moveTo(desk, atom, "RUNNING");
  settle(desk, atom, { ok: false, failure: { ...failure, code: NOT_STARTED } });
}
