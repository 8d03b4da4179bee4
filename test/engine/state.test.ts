import { describe, expect, it } from "vitest";
import { hasCode } from "../../common/error.js";
import { apply, fold } from "../../engine/apply.js";
import type { AtomState, Change, FlowState } from "../../engine/journal.js";
import { compile } from "../../engine/plan.js";
import { createState, recordOf } from "../../engine/state.js";
import { linear, retry } from "./support/words.js";

const ATOM_STATES: readonly AtomState[] = [
  "PENDING",
  "RUNNING",
  "SUCCESS",
  "FAILURE",
  "REVERTING",
  "REVERTED",
  "REVERT_FAILURE",
  "RETRYING",
  "IGNORE",
];
const FLOW_STATES: readonly FlowState[] = [
  "PENDING",
  "RUNNING",
  "REVERTING",
  "SUSPENDED",
  "SUCCESS",
  "REVERTED",
  "FAILURE",
  "CANCELLED",
];

/** Ways from PENDING to each state. */
const WAYS: Readonly<Record<AtomState, readonly AtomState[]>> = {
  PENDING: [],
  RUNNING: ["RUNNING"],
  SUCCESS: ["RUNNING", "SUCCESS"],
  FAILURE: ["RUNNING", "FAILURE"],
  REVERTING: ["RUNNING", "SUCCESS", "REVERTING"],
  REVERTED: ["RUNNING", "SUCCESS", "REVERTING", "REVERTED"],
  REVERT_FAILURE: ["RUNNING", "SUCCESS", "REVERTING", "REVERT_FAILURE"],
  RETRYING: ["RUNNING", "SUCCESS", "RETRYING"],
  IGNORE: ["IGNORE"],
};
const FLOW_WAYS: Readonly<Record<FlowState, readonly FlowState[]>> = {
  PENDING: [],
  RUNNING: ["RUNNING"],
  REVERTING: ["RUNNING", "REVERTING"],
  SUSPENDED: ["RUNNING", "SUSPENDED"],
  SUCCESS: ["RUNNING", "SUCCESS"],
  REVERTED: ["RUNNING", "REVERTED"],
  FAILURE: ["RUNNING", "FAILURE"],
  CANCELLED: ["RUNNING", "CANCELLED"],
};

const TASK_MOVES = new Set([
  "PENDING RUNNING",
  "PENDING IGNORE",
  "RUNNING SUCCESS",
  "RUNNING FAILURE",
  "RUNNING REVERTING",
  "SUCCESS REVERTING",
  "FAILURE REVERTING",
  "REVERTING REVERTED",
  "REVERTING REVERT_FAILURE",
  "REVERTED PENDING",
  "IGNORE PENDING",
]);
const RETRY_MOVES = new Set([
  ...TASK_MOVES,
  "SUCCESS RETRYING",
  "RETRYING RUNNING",
  "RETRYING REVERTING",
]);
const FLOW_MOVES = new Set([
  "PENDING RUNNING",
  "PENDING SUSPENDED",
  "PENDING CANCELLED",
  "RUNNING REVERTING",
  "RUNNING SUSPENDED",
  "RUNNING SUCCESS",
  "RUNNING REVERTED",
  "RUNNING FAILURE",
  "RUNNING CANCELLED",
  "REVERTING SUSPENDED",
  "REVERTING REVERTED",
  "REVERTING FAILURE",
  "REVERTING CANCELLED",
  "SUSPENDED RUNNING",
  "SUSPENDED REVERTING",
  "SUSPENDED SUSPENDED",
  "SUSPENDED CANCELLED",
  "SUCCESS RUNNING",
  "REVERTED PENDING",
  "FAILURE RUNNING",
  "FAILURE REVERTING",
]);

const PLAN = compile(linear("f", ["a"], { retry: retry({ type: "times", attempts: 9 }) }));

function isLegal(changes: readonly Change[], last: Change): boolean {
  const state = fold(PLAN, [{ changes }]);
  try {
    apply(PLAN, state, [last]);
    return true;
  } catch (error) {
    if (hasCode(error, "BAD_RECORD")) return false;
    throw error;
  }
}

function atomMoves(atom: string, states: readonly AtomState[]): ReadonlySet<string> {
  const legal = new Set<string>();
  for (const from of states) {
    for (const to of ATOM_STATES) {
      const way = WAYS[from].map((state): Change => ({ change: "atom", atom, to: state }));
      if (isLegal(way, { change: "atom", atom, to })) legal.add(`${from} ${to}`);
    }
  }
  return legal;
}

describe("transitions", () => {
  it("of a task are those of the table and no others", () => {
    const states = ATOM_STATES.filter((state) => state !== "RETRYING");

    expect(atomMoves("a", states)).toEqual(TASK_MOVES);
  });

  it("of a retry are a task's and its next attempt", () => {
    expect(atomMoves("f_retry", ATOM_STATES)).toEqual(RETRY_MOVES);
  });

  it("of a flow are those of the table and no others", () => {
    const legal = new Set<string>();
    for (const from of FLOW_STATES) {
      for (const to of FLOW_STATES) {
        const way = FLOW_WAYS[from].map((state): Change => ({ change: "flow", to: state }));
        if (isLegal(way, { change: "flow", to })) legal.add(`${from} ${to}`);
      }
    }

    expect(legal).toEqual(FLOW_MOVES);
  });

  it("are named with atom and states when they are illegal", () => {
    const move = (): unknown =>
      apply(PLAN, createState(PLAN), [{ change: "atom", atom: "a", to: "SUCCESS" }]);

    expect(move).toThrow('Illegal step: task "a" cannot go from PENDING to SUCCESS');
  });

  it("of an atom that the flow does not have are refused", () => {
    const move = (): unknown =>
      apply(PLAN, createState(PLAN), [{ change: "atom", atom: "gone", to: "RUNNING" }]);

    expect(move).toThrow('The journal names "gone", which flow "f" does not have');
  });
});

describe("a fold", () => {
  it("stores a reason for a failure that came without one", () => {
    const changes: readonly Change[] = [
      { change: "atom", atom: "f_retry", to: "RUNNING" },
      { change: "atom", atom: "f_retry", to: "SUCCESS", result: 1 },
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "FAILURE" },
    ];

    const state = fold(PLAN, [{ changes }]);

    expect(Object.keys(state.failures.all)).toEqual(["a"]);
    expect([...state.undecided].map(({ name }) => name)).toEqual(["a"]);
  });

  it("counts nothing for a retry that has no attempt to fail under", () => {
    const failure = { name: "Error", message: "no value" };
    const changes: readonly Change[] = [
      { change: "atom", atom: "a", to: "RUNNING" },
      { change: "atom", atom: "a", to: "FAILURE", failure },
      { change: "decision", retry: "f_retry", atom: "a", decision: "RETRY" },
    ];

    const state = fold(PLAN, [{ changes }]);

    const record = [...PLAN.atoms.values()].map((atom) => recordOf(state, atom))[0];
    expect(record?.history).toEqual([]);
  });
});
