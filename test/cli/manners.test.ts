import { describe, expect, it } from "vitest";
import { EXIT, errorText, exitCodeFor, exitCodeOf, exitCodeOfJob } from "../../cli/exit.js";
import { badEndText } from "../../cli/commands/follow.js";
import { readReason, readTime, readWhole } from "../../cli/options.js";
import { createLive } from "../../cli/screen/live.js";
import { createStyle } from "../../cli/screen/style.js";
import { fit, padEnd, widthOf } from "../../cli/screen/text.js";
import { age, clockTime, span, untilThen } from "../../cli/screen/time.js";
import { rephrase } from "../../cli/program/usage.js";
import { JobrunnerError } from "../../common/error.js";
import { RUNNING } from "./views.js";

const OWNER = { token: 1, agent: "a", machine: "m", since: "2027-03-01T18:42:07.000Z" };

describe("exit codes", () => {
  it.each([
    ["USAGE", 2],
    ["UNKNOWN_FLOW", 2],
    ["BAD_PARAMETERS", 2],
    ["NOT_FOUND", 3],
    ["UNREACHABLE", 5],
    ["PERSISTENCE_DOWN", 5],
    ["CONFLICT", 6],
    ["KEY_HELD", 6],
    ["INTERNAL", 1],
  ] as const)("of %s is %d", (code, exit) => {
    expect(exitCodeOf(new JobrunnerError(code, "x"))).toBe(exit);
  });

  it("of a defect is 1", () => {
    expect(exitCodeOf(new Error("x"))).toBe(EXIT.internal);
  });

  it.each([
    ["SUCCESS", 0],
    ["REVERTED", 10],
    ["FAILURE", 11],
    ["CANCELLED", 12],
    ["SUSPENDED", 14],
    ["RUNNING", undefined],
    ["SCHEDULED", undefined],
  ] as const)("of a job in %s is %s", (state, exit) => {
    expect(exitCodeOfJob(state)).toBe(exit);
  });
});

describe("exit codes of waiting", () => {
  const DIED = { ...OWNER, ended: "silent" };
  const DONE = { ...OWNER, ended: "SUCCESS" };

  it.each([
    ["success", "REVERTED", [DONE], 10],
    ["success", "RUNNING", [OWNER], undefined],
    ["finished", "FAILURE", [DONE], 0],
    ["finished", "SUSPENDED", [DONE], 14],
    ["finished", "REVERTING", [OWNER], undefined],
    ["claimed", "RUNNING", [OWNER], 0],
    ["claimed", "REVERTING", [DIED, OWNER], 0],
    ["claimed", "RUNNING", [DIED], undefined],
    ["claimed", "WAITING", [], undefined],
    ["claimed", "WAITING", [DIED], undefined],
    ["claimed", "SUCCESS", [DONE], 0],
    ["claimed", "REVERTED", [DIED, DONE], 0],
    ["claimed", "CANCELLED", [DIED], 0],
    ["claimed", "CANCELLED", [], 12],
    ["claimed", "SUSPENDED", [DONE], 14],
  ] as const)("for %s at a job in %s with owners %j are %s", (aim, state, owners, exit) => {
    expect(exitCodeFor(aim, { state, owners })).toBe(exit);
  });
});

describe("errors", () => {
  it("say what, where and what to do", () => {
    const cause = [{ pointer: "/port", detail: "is too big" }, "not a field"];
    const error = new JobrunnerError("USAGE", "what and why", { hint: "do this", cause });

    expect(errorText(error)).toBe("error: what and why\n       /port is too big\nhint:  do this");
  });

  it("of our own making are told apart, with their trace", () => {
    expect(errorText(new TypeError("oops"))).toMatch(/^error: TypeError: oops[^]*defect/);
    expect(errorText("a text")).toMatch(/^error: a text\n/);
  });

  it.each([
    [
      "error: unknown option '--prot'\n(Did you mean --port?)\n",
      "error: unknown option '--prot'\nhint:  did you mean --port?   (jobrunner post web --help)\n",
    ],
    [
      "error: unknown option '--zz'\n",
      "error: unknown option '--zz'\nhint:  see jobrunner post web --help\n",
    ],
    [
      "error: option '-w, --watch [duration]' argument 'x' is invalid. Write it as 30s.\n",
      'error: --watch: "x" is not valid\nhint:  Write it as 30s.\n',
    ],
    [
      "error: option '--reason <text>' argument 'two\nlines \u001b[2J' is invalid. One line.\n",
      'error: --reason: "two lines \ufffd[2J" is not valid\nhint:  One line.\n',
    ],
    [
      `error: option '--reason <text>' argument '${"x".repeat(300)}' is invalid. One line.\n`,
      `error: --reason: "${"x".repeat(57)}..." is not valid\nhint:  One line.\n`,
    ],
  ])("of commander come in our words: %j", (text, ours) => {
    expect(rephrase(text, "jobrunner post web")).toBe(ours);
  });
});

describe("the end of a job that went badly", () => {
  it.each(["EXPIRED", "CANCELLED"] as const)("commands no terminal: %s", (code) => {
    const reason = { code, message: "so\u001b]0;it\u0007 is\nnow" };
    const job = { ...RUNNING, state: "CANCELLED", reason, failures: [] } as const;

    expect(badEndText(job)).toMatch(/: so\ufffd]0;it\ufffd is now$/);
  });
});

describe("flag values", () => {
  it("are whole numbers in their range", () => {
    expect(readWhole(-100, 100)("-100")).toBe(-100);
    for (const text of ["", "1.5", "101", "0x10", "1e1"]) {
      expect(() => readWhole(-100, 100)(text)).toThrow("from -100 to 100");
    }
  });

  it("are reasons of one line, counted as an agent counts them", () => {
    expect(readReason("\u{1f600}".repeat(256))).toHaveLength(512);
    for (const text of ["", "two\nlines", "\u001b[2J", "x".repeat(257)]) {
      expect(() => readReason(text)).toThrow("One line of 1 to 256 characters.");
    }
  });

  it("are times, or how long ago", () => {
    expect(readTime("2027-01-31T18:00:00Z")).toBe("2027-01-31T18:00:00.000Z");
    const before = Date.now();
    expect(Date.parse(readTime("2h"))).toBeGreaterThanOrEqual(before - 7_200_000);
    expect(Date.parse(readTime("2h"))).toBeLessThanOrEqual(Date.now() - 7_200_000);
    expect(() => readTime("yesterday")).toThrow("2h");
  });
});

describe("style", () => {
  const UTF8 = { LANG: "C.UTF-8" };

  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ CLICOLOR_FORCE: "1" }, false, true],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  ])("with %j and terminal %s has colours: %s", (env, tty, coloured) => {
    expect(createStyle({ env, tty }).paint("red", "x") !== "x").toBe(coloured);
  });

  it.each([
    [UTF8, false, "linux", true],
    [UTF8, true, "linux", false],
    [{}, false, "linux", false],
    [{}, false, "darwin", true],
    [{ LC_ALL: "C", LANG: "de_DE.UTF-8" }, false, "linux", false],
    [{ LC_ALL: "", LC_CTYPE: "en_US.utf8" }, false, "linux", true],
  ])("with %j, --ascii %s on %s has signs beyond ASCII: %s", (env, ascii, platform, unicode) => {
    expect(createStyle({ env, tty: true, ascii, platform }).unicode).toBe(unicode);
  });

  it("cuts nothing where no terminal is", () => {
    expect(createStyle({ env: {}, tty: false, columns: 80 }).columns).toBe(Infinity);
    expect(createStyle({ env: {}, tty: true }).columns).toBe(80);
  });
});

describe("text", () => {
  it("is as wide as a terminal shows it", () => {
    expect(["abc", "日本", "e\u0301", "\u001b[31mred\u001b[39m"].map(widthOf)).toEqual([
      3, 4, 1, 3,
    ]);
    expect(padEnd("日本", 6)).toBe("日本  ");
  });

  it("is cut with a mark, never in the middle of a wide character", () => {
    expect(fit("abcdef", 4)).toBe("abc…");
    expect(fit("日本語", 4)).toBe("日…");
    expect(fit("abc", 3)).toBe("abc");
    expect(fit("abc", 0)).toBe("");
    expect(fit("abcdef", 5, "...")).toBe("ab...");
  });
});

describe("time", () => {
  it.each([
    [-5, "0ms"],
    [35, "35ms"],
    [800, "0.8s"],
    [9_949, "9.9s"],
    [9_950, "10s"],
    [59_600, "1m"],
    [178_000, "2m58s"],
    [3_600_000, "1h"],
    [11_040_000, "3h04m"],
    [41 * 86_400_000 + 5_000_000, "41d"],
  ])("of %d ms reads %s", (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it("past is rounded down, time to come up", () => {
    expect([age(59_000), age(119_000), age(-1)]).toEqual(["59s", "1m", "0s"]);
    expect([untilThen(3_599_000), untilThen(3_601_000)]).toEqual(["60m", "2h"]);
  });

  it("of another day carries its date", () => {
    const at = new Date(2027, 2, 1, 9, 5, 7).getTime();

    expect(clockTime(at, at + 1000)).toBe("09:05:07");
    expect(clockTime(at, at + 86_400_000)).toBe("2027-03-01 09:05:07");
  });
});

describe("a sketch on the terminal", () => {
  it("is drawn over the one before, and no higher than the screen", () => {
    let written = "";
    const live = createLive({ rows: 3, write: (text) => (written += text) });

    live.clear();
    expect(written).toBe("");
    live.draw("1\n2\n3");
    expect(written).toBe("\u001b[?7l2\n3\n\u001b[?7h");
    live.draw("4");
    expect(written.endsWith("\u001b[?7l\u001b[2A\r\u001b[J4\n\u001b[?7h")).toBe(true);
    live.clear();
    expect(written.endsWith("\u001b[1A\r\u001b[J")).toBe(true);
  });

  it("is drawn whole where the terminal has no size", () => {
    let written = "";
    const live = createLive({ rows: 0, write: (text) => (written += text) });

    live.draw("1\n2\n3");

    expect(written).toContain("1\n2\n3\n");
  });
});
