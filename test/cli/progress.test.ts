import { describe, expect, it } from "vitest";
import { Progress } from "../../cli/screen/job/progress.js";
import { createStyle } from "../../cli/screen/style.js";
import type { AttemptView, JobDetailView, NodeView } from "../../common/wire.js";
import { DETAIL, HOSTILE, RETRIED } from "./views.js";

const style = createStyle({ env: { LANG: "C.UTF-8" }, tty: false });

/** Seconds behind the posting of the job. */
function at(seconds: number): string {
  return new Date(Date.parse(DETAIL.postedAt) + seconds * 1_000).toISOString();
}

function attempt(state: string, from: number, to?: number, message?: string): AttemptView {
  return {
    ...{ state, agent: "nas-1", startedAt: at(from) },
    ...(to === undefined ? {} : { endedAt: at(to) }),
    ...(message === undefined ? {} : { failure: { name: "Error", message } }),
  };
}

function task(name: string, attempts: readonly AttemptView[], state?: string): NodeView {
  return { kind: "task", name, state: state ?? attempts.at(-1)?.state ?? "PENDING", attempts };
}

function job(state: JobDetailView["state"], children: readonly NodeView[]): JobDetailView {
  const owners = [{ token: 1, agent: "nas-1", machine: "m1", since: at(0.4) }];
  const tree: NodeView = { kind: "flow", name: "web", pattern: "linear", children };
  return { ...DETAIL, state, owners: state === "WAITING" ? [] : owners, tree };
}

/** Without the id that each begins with. */
function told(progress: Progress, view: JobDetailView): readonly string[] {
  return progress.lines(style, view).map((line) => line.replace(/^0e1c2b33 {2}/, ""));
}

describe("a job that is followed line by line", () => {
  it("tells each step once, when it changes", () => {
    const progress = new Progress();
    const waiting = job("WAITING", [task("prepare", []), task("listen", [])]);
    const prepares = job("RUNNING", [task("prepare", [attempt("RUNNING", 1)]), task("listen", [])]);
    const prepared = task("prepare", [attempt("SUCCESS", 1, 1.8)]);
    const listens = job("RUNNING", [prepared, task("listen", [attempt("RUNNING", 2)])]);

    expect(told(progress, waiting)).toEqual([]);
    expect(told(progress, prepares)).toEqual([
      "claimed by nas-1 after 0.4s",
      "● RUNNING    prepare  nas-1",
    ]);
    expect(told(progress, prepares)).toEqual([]);
    expect(told(progress, listens)).toEqual([
      "✔ SUCCESS    prepare  nas-1  0.8s",
      "● RUNNING    listen  nas-1",
    ]);
  });

  it("tells every start that came between two looks, with its failure", () => {
    const progress = new Progress();
    const first = [attempt("RUNNING", 1)];
    const later = [attempt("REVERTED", 1, 2, "no room"), attempt("REVERTED", 3, 4, "no room")];
    told(progress, job("RUNNING", [task("copy", first)]));

    const lines = told(progress, job("RUNNING", [task("copy", [...later, attempt("RUNNING", 5)])]));

    expect(lines).toEqual([
      "↩ REVERTED   copy  nas-1  1.0s  no room",
      "↩ REVERTED   copy  nas-1  1.0s  try 2  no room",
      "● RUNNING    copy  nas-1  try 3",
    ]);
  });

  it("tells when it turns back, waits for another owner, and who that is", () => {
    const progress = new Progress();
    const done = task("prepare", [attempt("SUCCESS", 1, 2)]);
    const running = job("RUNNING", [done]);
    const orphaned = { ...running, state: "WAITING" as const };
    const other = { token: 2, agent: "pixel-7", machine: "m2", since: at(9) };
    told(progress, running);

    expect(told(progress, orphaned)).toEqual(["○ WAITING"]);
    const reverting = { ...running, state: "REVERTING" as const };
    expect(told(progress, { ...reverting, owners: [...running.owners, other] })).toEqual([
      "taken over by pixel-7",
      "↩ REVERTING",
    ]);
  });

  it("tells reverts in the order in which they came", () => {
    const children = [
      task("prepare", [attempt("REVERTED", 1, 8)]),
      task("listen", [attempt("REVERTED", 3, 5)]),
    ];

    const lines = told(new Progress(), job("REVERTED", children));

    expect(lines.map((line) => /listen|prepare/.exec(line)?.[0])).toEqual([
      undefined,
      "listen",
      "prepare",
    ]);
  });

  it("leaves out what another job had done, and tells what a decider left out", () => {
    const optional = task("optional", [], "IGNORE");

    expect(told(new Progress(), job("RUNNING", [optional]))).toContain("– IGNORE     optional");
    expect(told(new Progress(), RETRIED).join("\n")).not.toMatch(/prepare|upload/);
  });

  it("never lets a name or a failure command what shows it", () => {
    expect(new Progress().lines(style, HOSTILE).join("")).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});
