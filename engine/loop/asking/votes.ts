import { toFailure } from "../../../common/failure.js";
import type { Json, Store } from "../../../common/json.js";
import { at } from "../../../common/at.js";
import type { CallHooks } from "../../bodies.js";
import {
  type AtomNode,
  type Decider,
  isAtom,
  type Plan,
  type PlanNode,
} from "../../compile/node.js";
import { type Depth, DEPTHS } from "../../flow.js";
import {
  type AtomRecord,
  mayExecute,
  queueIfReady,
  recordAt,
  recordOf,
  type State,
} from "../../state.js";
import type { Desk } from "../desk.js";
import { failUnstarted } from "../outcome.js";

/** Asks the deciders before an atom; it is approved, ignored with others, or fails. */
export function vote(desk: Desk, atom: AtomNode): void {
  const { state, present } = desk;
  const { round } = recordOf(state, atom);
  const { voters, results } = electorate(desk, atom);
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

/** A link whose source was ignored does not vote; a flow votes with the results of its tasks. */
function electorate({ plan, state }: Desk, atom: AtomNode): Omit<Ballot, "atom"> {
  const results: Record<string, Json> = {};
  const voters: Decider[] = [];
  for (const decider of atom.deciders) {
    const { from } = decider;
    if (!isAtom(from)) {
      voters.push(decider);
      for (const { atom: task, result = null } of doneIn(plan, state, from)) {
        results[task.name] = result;
      }
    } else {
      const { state: now, result = null } = recordOf(state, from);
      if (now === "IGNORE") continue;
      voters.push(decider);
      results[from.name] = result;
    }
  }
  return { voters, results };
}

/** The tasks that succeeded in a flow, which is given by its end. */
function doneIn(plan: Plan, state: State, { index: end }: PlanNode): readonly AtomRecord[] {
  return state.records
    .slice(plan.bounds.get(end), end)
    .filter((record) => record?.atom.kind === "task" && record.state === "SUCCESS")
    .filter((record) => record !== undefined);
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

/** Of those who said no the one with the widest depth counts. */
function ignore(desk: Desk, atom: AtomNode, nays: readonly Decider[]): void {
  const { plan, state } = desk;
  const voted = DEPTHS.filter((depth) => nays.some((nay) => nay.depth === depth));
  const depth = at(voted, 0);
  // What was said no about: the atom, or the outermost of the flows that are skipped as one.
  const first = Math.min(...nays.map(({ whole = atom.index }) => whole));
  const last = plan.bounds.get(first) ?? first;
  const unit = state.records.slice(first, last + 1).filter((record) => record !== undefined);
  const beyond = reached(plan, last, depth).map((index) => recordAt(state, index));
  const ignored = [...unit, ...beyond].filter((record) => record.state === "PENDING");
  desk.emit({ change: "ignore", atoms: ignored.map((record) => record.atom.name) });
}

/** Atoms that a "no" takes along, beyond what it was said about. */
function reached(plan: Plan, last: number, depth: Depth): readonly number[] {
  const seen = new Set<number>(depth === "ATOM" ? [] : at(plan.after, last));
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
