import { describe, expect, it } from "vitest";
import { createLogLines, rawLines } from "../../cli/commands/logs/log-lines.js";
import { createStyle } from "../../cli/screen/style.js";
import type { LogLineView } from "../../common/wire/logs.js";

process.env["TZ"] = "UTC";

const NOW = Date.UTC(2026, 4, 1, 12, 30);

function line(token: number, n: number, more: Partial<LogLineView> = {}): LogLineView {
  return {
    ...{ id: `${token}.${n}`, token, n, at: "2026-05-01T12:03:04.567Z", agent: "nas-1" },
    ...{ atom: "serve/listen", phase: "execute", stream: "log", text: `line ${n}` },
    ...more,
  };
}

/** What is printed of the lines, and what is said of those that are missing. */
function printed(
  items: readonly LogLineView[],
  { tty = true, whole = true, filtered = false } = {},
): { readonly text: string; readonly said: readonly string[] } {
  const said: string[] = [];
  const style = createStyle({ env: { NO_COLOR: "1", LANG: "C.UTF-8" }, tty, columns: 80 });
  const now = (): number => NOW;
  const lines = createLogLines(style, { now, say: (text) => said.push(text), whole, filtered });
  return { text: items.map((item) => lines.text([item])).join("\n"), said };
}

const HOSTILE = "\u001b[2J\tnaïve 🙂\u202e\r";

describe("lines of a log", () => {
  it("are shown to people with time and atom, under the agent that ran it", () => {
    const items = [
      line(1, 1),
      line(1, 2, { stream: "stderr" }),
      line(2, 1, { agent: "nas-2", phase: "revert" }),
    ];

    expect(printed(items).text.split("\n")).toEqual([
      "on nas-1:",
      "12:03:04 serve/listen line 1",
      "12:03:04 serve/listen line 2",
      "on nas-2:",
      "12:03:04 serve/listen (revert) line 1",
    ]);
  });

  it("are every column with tabs between for programs", () => {
    expect(printed([line(1, 1, { stream: "stdout" })], { tty: false }).text).toBe(
      "2026-05-01T12:03:04.567Z\tnas-1\tserve/listen\texecute\tstdout\tline 1",
    );
  });

  it.each([true, false])("spell out what a terminal would obey (terminal: %s)", (tty) => {
    const { text } = printed([line(1, 1, { text: HOSTILE, atom: "a\u001bb" })], { tty });

    expect(text).toContain("\\x1b[2J\tnaïve 🙂\\u{202e}\\x0d");
    expect(text).toContain("a\\x1bb");
    expect(text).not.toContain("\u001b");
  });

  it("are as they were written when that is asked for", () => {
    expect(rawLines.text([line(1, 1, { text: HOSTILE }), line(1, 2)])).toBe(`${HOSTILE}\nline 2`);
  });

  it("are missed where they were not kept", () => {
    const items = [line(1, 101), line(1, 102), line(1, 110), line(2, 1), line(3, 4)];

    expect(printed(items).said).toEqual(
      [100, 7, 3].map((count) => `... ${count} lines were not kept`),
    );
    expect(printed(items, { whole: false }).said).toEqual(["... 7 lines were not kept"]);
    expect(printed(items, { filtered: true }).said).toEqual([]);
  });

  it("are not missed where an ownership that is over stored them late", () => {
    const items = [line(1, 1), line(2, 1), line(1, 2), line(2, 2), line(1, 5), line(2, 3)];

    expect(printed(items).said).toEqual(["... 2 lines were not kept"]);
    expect(printed([line(2, 1), line(1, 9)], { whole: false }).said).toEqual([]);
  });
});
