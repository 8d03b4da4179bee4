import { toFailure } from "../../../common/failure.js";
import type { Json, Store } from "../../../common/json.js";
import { at } from "../../../common/at.js";
import type { CallHooks } from "../../bodies.js";
import { type AtomNode, type Decider, isAtom, type Plan } from "../../compile/node.js";
import type { Depth } from "../../flow.js";
import { mayExecute, queueIfReady, recordAt, recordOf, type State } from "../../state.js";
import type { Desk } from "../desk.js";
import { failUnstarted } from "../outcome.js";

/** Asks the deciders before an atom; it is approved, ignored with others, or fails. */
export function vote(desk: Desk, atom: AtomNode): void {
  const { state, present } = desk;
  const { round } = recordOf(state, atom);
  const { voters, results } = electorate(state, atom);
  const { voting, approved } = present;
  voting.add(atom);
  desk.consult({
    who: `the decider of "${atom.name}"`,
    ask: (hooks) => naysayers(desk, { atom, voters, results }, hooks),
    wanted: () =>
      recordOf(state, atom).round === round &&
      mayExecute(state, atom.index) &&
      state.cancelled === undefined &&
      !present.halted,
    answer: (answer) => {
      voting.delete(atom);
      if (!answer.ok) failUnstarted(desk, atom, toFailure(answer.error));
      else if (answer.value.length === 0) approved.set(atom, round);
      else ignore(desk, atom, answer.value);
    },
    dropped: () => {
      voting.delete(atom);
      // Should the flow come here again, all are asked again.
      queueIfReady(state, atom.index);
    },
  });
}

interface Ballot {
  readonly atom: AtomNode;
  readonly voters: readonly Decider[];
  /** Results of the sources that have one, by atom. */
  readonly results: Store;
}

/** A link whose source was ignored does not vote. */
function electorate(state: State, atom: AtomNode): Omit<Ballot, "atom"> {
  const results: Record<string, Json> = {};
  const voters: Decider[] = [];
  for (const decider of atom.deciders) {
    const { from } = decider;
    if (!isAtom(from)) voters.push(decider);
    else {
      const { state: now, result = null } = recordOf(state, from);
      if (now === "IGNORE") continue;
      voters.push(decider);
      results[from.name] = result;
    }
  }
  return { voters, results };
}

async function naysayers(
  desk: Desk,
  ballot: Ballot,
  hooks: CallHooks,
): Promise<readonly Decider[]> {
  const nays: Decider[] = [];
  for (const voter of ballot.voters) {
    const { atom, results } = ballot;
    const yes = await desk.bodies.decide(
      { decider: voter.decider, target: atom.name, results },
      hooks,
    );
    if (!yes) nays.push(voter);
  }
  return nays;
}

/** From the widest to the narrowest; of those who said no the widest counts. */
const DEPTHS: readonly Depth[] = ["ALL", "FLOW", "NEIGHBORS", "ATOM"];

function ignore(desk: Desk, atom: AtomNode, nays: readonly Decider[]): void {
  const { plan, state } = desk;
  const voted = DEPTHS.filter((depth) => nays.some((nay) => nay.depth === depth));
  const depth = at(voted, 0);
  const names = [atom.name];
  for (const index of reached(plan, atom, depth)) {
    const record = recordAt(state, index);
    if (record.state === "PENDING") names.push(record.atom.name);
  }
  desk.emit({ change: "ignore", atoms: names });
}

/** Atoms that a "no" takes along; the one it was said about aside. */
function reached(plan: Plan, atom: AtomNode, depth: Depth): readonly number[] {
  const seen = new Set<number>(depth === "ATOM" ? [] : at(plan.after, atom.index));
  for (const index of seen) {
    const { kind } = at(plan.nodes, index);
    const further = depth === "ALL" || (depth === "FLOW" && kind === "task");
    if (further) for (const next of at(plan.after, index)) seen.add(next);
  }
  return [...seen].filter((index) => {
    const { kind } = at(plan.nodes, index);
    return kind === "task" || (kind === "retry" && depth === "ALL");
  });
}
