import { describe, expect, it } from "vitest";
import type { FlowSpec, RetrySpec, TaskSpec } from "../../engine/flow.js";
import type { Change, Entry } from "../../engine/journal.js";
import { differences } from "../../engine/migration/differences.js";
import { type Move, refusals } from "../../engine/migration/refusals.js";
import { inPresentNames } from "../../engine/migration/renaming.js";

function task(name: string, more: Partial<TaskSpec> = {}): TaskSpec {
  return { kind: "task", name, ...more };
}

function flow(children: FlowSpec["children"], more: Partial<FlowSpec> = {}): FlowSpec {
  return { kind: "flow", name: "flow", pattern: "linear", children, ...more };
}

function times(attempts: number): RetrySpec {
  return { kind: "retry", controller: { type: "times", attempts } };
}

function journal(...entries: readonly (readonly Change[])[]): readonly Entry[] {
  return entries.map((changes, index) => ({ seq: index + 1, token: 1, at: 0, changes }));
}

const run = (atom: string): Change => ({ change: "atom", atom, to: "RUNNING" });
const done = (atom: string): Change => ({ change: "atom", atom, to: "SUCCESS", result: 1 });
const STARTED: Change = { change: "flow", to: "RUNNING" };

describe("differences", () => {
  const before = flow([task("a", { requires: ["x"] }), task("b"), task("c")], { retry: times(3) });

  it("are none between equal flows, whatever the order of keys", () => {
    const same = JSON.parse(JSON.stringify({ retry: before.retry, ...before })) as FlowSpec;

    expect(differences(before, same)).toEqual([]);
  });

  it("name what is gone, new, moved and changed, with both values", () => {
    const inner = flow([task("c")], { name: "inner" });
    const after = flow([task("d"), task("a", { requires: ["y"] }), inner], { retry: times(5) });

    expect(differences(before, after)).toEqual([
      'task "b" is gone',
      'task "d" is new, in "flow"',
      'flow "inner" is new, in "flow"',
      'retry "flow_retry": controller was {"attempts":3,"type":"times"}, is {"attempts":5,"type":"times"}',
      'task "a": requires was ["x"], is ["y"]',
      'task "c" has moved from "flow" to "inner"',
    ]);
  });

  it("name another order, other links and another pattern", () => {
    const graph = flow([task("a"), task("b")], {
      pattern: "graph",
      links: [{ from: "a", to: "b" }],
    });
    const turned = { ...graph, links: [{ from: "b", to: "a" }] };

    expect(differences(flow([task("a"), task("b")]), flow([task("b"), task("a")]))).toEqual([
      'flow "flow" runs "b", "a" in this order, no longer "a", "b"',
    ]);
    expect(differences(graph, turned)).toEqual([
      'flow "flow": links was [{"from":"a","to":"b"}], is [{"from":"b","to":"a"}]',
    ]);
    expect(differences(flow([]), flow([], { pattern: "unordered" }))).toEqual([
      'flow "flow": pattern was "linear", is "unordered"',
    ]);
  });

  it("name a trait that is there on one side only", () => {
    const timed = flow([task("a", { priority: 3 })]);

    expect(differences(flow([task("a")]), timed)).toEqual([
      'task "a": priority was not there, is 3',
    ]);
    expect(differences(timed, flow([task("a")]))).toEqual([
      'task "a": priority was 3, is not there',
    ]);
  });

  it("tell flows of one name apart by where they are", () => {
    const same = (pattern: FlowSpec["pattern"]): FlowSpec => flow([], { name: "same", pattern });
    const both = (left: FlowSpec, right: FlowSpec): FlowSpec =>
      flow([flow([left], { name: "left" }), flow([right], { name: "right" })]);
    const linear = both(same("linear"), same("linear"));
    const line = 'flow "same": pattern was "linear", is "unordered"';

    expect(differences(linear, both(same("unordered"), same("linear")))).toEqual([line]);
    expect(differences(linear, both(same("linear"), same("unordered")))).toEqual([line]);
  });
});

describe("a journal", () => {
  it("is read with the names that atoms have now, after any number of renamings", () => {
    const entries = journal(
      [run("a"), { change: "reset", retry: "r", atoms: ["a", "b"] }],
      [{ change: "migrated", from: 1, to: 2, renamed: { a: "b", b: "c" } }],
      [{ change: "again", atoms: ["b"] }],
      [{ change: "migrated", from: 2, to: 3, renamed: { b: "d" } }],
      [{ change: "saved", atom: "d", value: 1 }],
    );

    const changes = inPresentNames(entries).flatMap((entry) => entry.changes);

    expect(changes.filter(({ change }) => change !== "migrated")).toEqual([
      run("d"),
      { change: "reset", retry: "r", atoms: ["d", "c"] },
      { change: "again", atoms: ["d"] },
      { change: "saved", atom: "d", value: 1 },
    ]);
  });

  it.each<[Change, Change]>([
    [run("a"), run("b")],
    [
      { change: "saved", atom: "a", value: 1 },
      { change: "saved", atom: "b", value: 1 },
    ],
    [
      { change: "decision", retry: "r", atom: "a", decision: "RETRY" },
      { change: "decision", retry: "s", atom: "b", decision: "RETRY" },
    ],
    [
      { change: "ignore", atoms: ["a", "c"] },
      { change: "ignore", atoms: ["b", "c"] },
    ],
    [
      { change: "wait", retry: "r", until: 5 },
      { change: "wait", retry: "s", until: 5 },
    ],
    [STARTED, STARTED],
    [
      { change: "cancel", revert: true },
      { change: "cancel", revert: true },
    ],
    [{ change: "handover" }, { change: "handover" }],
  ])("is read with present names: %j", (then, now) => {
    const migrated: Change = { change: "migrated", from: 1, to: 2, renamed: { a: "b", r: "s" } };

    expect(inPresentNames(journal([then], [migrated]))).toEqual(journal([now], [migrated]));
  });

  it("of a job that never migrated is left as it is", () => {
    const entries = journal([run("a")]);

    expect(inPresentNames(entries)).toBe(entries);
  });
});

describe("a move to another flow", () => {
  const abc = flow([task("a"), task("b"), task("c")]);
  const afterA = journal([STARTED, run("a")], [done("a"), run("b")]);

  function why(after: FlowSpec, more: Partial<Move> = {}): readonly string[] {
    return refusals({ before: abc, after, entries: afterA, renamed: {}, ...more });
  }

  it("is allowed when all that has begun is as it was", () => {
    expect(why(flow([task("a"), task("b"), task("x"), task("d")]))).toEqual([]);
    expect(why(flow([task("z"), task("b"), task("c")]), { renamed: { a: "z" } })).toEqual([]);
    expect(why(flow([task("x"), task("y")]), { entries: [] })).toEqual([]);
  });

  it.each<[string, FlowSpec, Partial<Move>, string]>([
    ["gone", flow([task("b"), task("c")]), {}, '"a" has been begun or decided upon, and is gone'],
    ["late", flow([task("a"), task("x"), task("b")]), {}, '"x" comes before "b", which has begun'],
    ["turned", flow([task("b"), task("a")]), {}, '"b" comes before "a", which has begun'],
    ["shape", flow([task("a", { provides: ["x", "y"] }), task("b")]), {}, '"a" gives []'],
    [
      "one value for none",
      flow([task("a", { provides: "x" }), task("b")]),
      {},
      '"a" gives [], "a" gives ["all"]',
    ],
    [
      "another kind",
      flow([task("b"), task("c")], { retry: times(2) }),
      { renamed: { a: "flow_retry" } },
      '"a" was a task, "flow_retry" is a retry',
    ],
    [
      "renamed while running",
      flow([task("a"), task("z")]),
      { renamed: { b: "z" } },
      "another idempotency key",
    ],
    [
      "renamed to nothing",
      abc,
      { renamed: { a: "z" } },
      '"a" is renamed to "z", which is not there',
    ],
    ["renamed from nothing", abc, { renamed: { z: "a" } }, 'the older version has no "z"'],
    [
      "two in one",
      flow([task("a"), task("b")]),
      { renamed: { c: "b" } },
      '"b" and "c" would both be "b"',
    ],
    [
      "a retry around it",
      flow([task("a"), task("b")], { retry: times(2) }),
      {},
      '"flow_retry" comes before "a"',
    ],
  ])("is refused: %s", (_, after, more, message) => {
    expect(why(after, more).join("; ")).toContain(message);
  });

  it.each<Change>([
    run("q"),
    { change: "saved", atom: "q", value: 1 },
    { change: "decision", retry: "q", atom: "a", decision: "RETRY" },
    { change: "decision", retry: "a", atom: "q", decision: "RETRY" },
    { change: "ignore", atoms: ["a", "q"] },
    { change: "again", atoms: ["a", "q"] },
    { change: "reset", retry: "q", atoms: ["a"] },
    { change: "reset", retry: "a", atoms: ["q"] },
    { change: "wait", retry: "q", until: 5 },
  ])("is refused when not even the older version has what is named by %j", (change) => {
    expect(why(abc, { entries: journal([STARTED, change]) })).toEqual([
      'the journal knows "q", the older version does not',
    ]);
  });

  it.each<Change>([
    { change: "cancel", revert: false },
    { change: "handover" },
    { change: "migrated", from: 1, to: 2, renamed: {} },
  ])("is not held up by %j, which is about no atom", (change) => {
    expect(why(flow([task("x")]), { entries: journal([STARTED], [change]) })).toEqual([]);
  });

  describe("of a flow with retries", () => {
    const inner = flow([task("b")], { name: "inner", retry: times(2) });
    const before = flow([task("a"), inner, task("c")]);
    const failing = journal(
      [STARTED, run("a")],
      [done("a"), run("inner_retry"), done("inner_retry"), run("b")],
      [
        { change: "atom", atom: "b", to: "FAILURE", failure: { name: "Error", message: "no" } },
        { change: "decision", retry: "inner_retry", atom: "b", decision: "RETRY" },
        { change: "atom", atom: "b", to: "REVERTING" },
      ],
    );

    it("allows another number of attempts", () => {
      const after = flow([task("a"), { ...inner, retry: times(9) }, task("c")]);

      expect(why(after, { before, entries: failing })).toEqual([]);
    });

    it("refuses another kind of retry", () => {
      const retry: RetrySpec = { kind: "retry", controller: { type: "alwaysRevert" } };
      const after = flow([task("a"), { ...inner, retry }, task("c")]);

      expect(why(after, { before, entries: failing }).join()).toContain('"inner_retry" gives');
    });

    it("refuses that what a retry decided reaches further or less far than it did", () => {
      const after = flow([flow([task("a"), task("b")], { ...inner, children: [] })]);
      const outside = flow([task("a"), { ...inner, children: [] }, task("b"), task("c")]);
      const wide = flow([{ ...inner, children: [task("a"), task("b")] }, task("c")]);

      expect(why(wide, { before, entries: failing })).not.toEqual([]);
      expect(why(after, { before, entries: failing })).not.toEqual([]);
      expect(why(outside, { before, entries: failing })).not.toEqual([]);
    });
  });
});
