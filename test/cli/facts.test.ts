import { describe, expect, it } from "vitest";
import { renderJob } from "../../cli/screen/job/job.js";
import { took } from "../../cli/screen/job-list.js";
import { createStyle } from "../../cli/screen/style.js";
import { fitEnd, widthOf, wrap } from "../../cli/screen/text.js";
import type { JobDetailView, NodeView } from "../../common/wire.js";
import { DETAIL, NOW, SUCCEEDED } from "./views.js";

const narrow = createStyle({ env: { NO_COLOR: "1", LANG: "C.UTF-8" }, tty: true, columns: 40 });
const piped = createStyle({ env: {}, tty: false });

describe("a long text", () => {
  it.each([
    ["aa bb cc", 5, ["aa bb", "cc"]],
    ["aa bb cc", 6, ["aa bb", "cc"]],
    ["aaaaaa b", 4, ["aaaa", "aa b"]],
    ["a bbbbbb", 4, ["a", "bbbb", "bb"]],
    ["日本語", 4, ["日本", "語"]],
    ["", 4, [""]],
  ])("%j is broken into lines of %d columns", (text, columns, lines) => {
    expect(wrap(text, columns)).toEqual(lines);
  });

  it("stays one line where no terminal is", () => {
    expect(wrap("aa bb ".repeat(100), Infinity)).toHaveLength(1);
  });

  it("keeps its end when that tells more", () => {
    expect(fitEnd("/home/a/flows/x.ts", 9)).toBe("…ows/x.ts");
    expect(fitEnd("x.ts", 9)).toBe("x.ts");
    expect(fitEnd("日本語", 3)).toBe("…語");
  });
});

describe("a terminal", () => {
  it.each([
    [0, 80],
    [undefined, 80],
    [3, 20],
    [100, 100],
  ])("of %s columns is written to as if it had %d", (columns, used) => {
    expect(createStyle({ env: {}, tty: true, columns }).columns).toBe(used);
  });
});

describe("the facts of a job", () => {
  const withOutputs = (outputs: JobDetailView["outputs"]): JobDetailView =>
    ({ ...SUCCEEDED, outputs }) as JobDetailView;

  it("are shown whole on a few lines, and cut beyond them", () => {
    const words = Array.from({ length: 200 }, (_, n) => `word${n}`).join(" ");
    const lines = renderJob(narrow, withOutputs({ text: words }), NOW).split("\n");
    const first = lines.findIndex((line) => line.startsWith("output"));

    expect(lines.slice(first, first + 5).map((line) => line.slice(0, 8))).toEqual([
      "output  ",
      ...["        ", "        ", "        "],
      "owner   ",
    ]);
    expect(lines[first + 3]).toMatch(/…$/);
    expect(lines.filter((line) => widthOf(line) > 40 && !line.includes("01980f3a"))).toEqual([]);
  });

  it("of megabytes take no time to show", () => {
    const job = withOutputs({ text: "x y".repeat(1_000_000) });
    const began = performance.now();

    expect(renderJob(narrow, job, NOW).split("\n").length).toBeLessThan(20);
    expect(renderJob(piped, job, NOW).length).toBeGreaterThan(3_000_000);
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it("count how long it took from the time for which it was posted", () => {
    const posted = { postedAt: "2027-03-01T10:00:00Z", endedAt: "2027-03-01T12:00:05Z" };

    expect(took({ ...posted, runAt: "2027-03-01T12:00:00Z" }, NOW)).toBe("5.0s");
    expect(took({ ...posted, runAt: "2027-03-01T08:00:00Z" }, NOW)).toBe("2h");
    expect(took(posted, NOW)).toBe("2h");
  });

  it("leave out how often a retry tried", () => {
    const retry: NodeView = { kind: "retry", name: "serve_retry", detail: "times(2)" };
    const tree = { ...SUCCEEDED.tree, children: [retry, ...(SUCCEEDED.tree.children ?? [])] };
    const job = { ...withOutputs({ "serve_retry.result": 1, url: "u" }), tree };

    expect(renderJob(piped, job, NOW)).toContain("output  url=u");
    expect(renderJob(piped, job, NOW)).not.toContain("serve_retry.result");
  });

  it("say how far a body is", () => {
    const progress = { fraction: 0.999, note: "copying\u0007", at: "2027-03-01T10:00:00Z" };
    const node: NodeView = { kind: "task", name: "copy", state: "RUNNING", progress };
    const job = { ...DETAIL, tree: { ...DETAIL.tree, children: [node] } };

    expect(renderJob(piped, job, NOW)).toMatch(/copy .*99% copying/);
  });

  it("say that an owner was not heard of, and never that it works now", () => {
    const owners = DETAIL.owners.slice(-1).map((owner) => ({ ...owner, ended: "silent" }));

    const text = renderJob(piped, { ...DETAIL, owners }, NOW);

    expect(text).toMatch(/owner .* [?] [(]not heard of[)]/);
  });
});
