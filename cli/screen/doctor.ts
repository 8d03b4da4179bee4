import type { CheckedView, DoctorView } from "../../common/wire/doctor.js";
import { type Colour, type Style } from "./style.js";
import { renderTabs } from "./table.js";
import { clean, padEnd, widthOf, wrap } from "./text.js";

interface Mark {
  readonly glyph: string;
  readonly ascii: string;
  readonly colour: Colour;
}

const MARKS: Readonly<Record<CheckedView["state"], Mark>> = {
  ok: { glyph: "✔ ok  ", ascii: "+ ok  ", colour: "green" },
  warn: { glyph: "! warn", ascii: "! warn", colour: "yellow" },
  fail: { glyph: "✘ fail", ascii: "x fail", colour: "red" },
};

const GAP = "  ";

/** `jobrunner doctor`: one line a check, and below it what to do. */
export function renderDoctor(style: Style, { checks }: DoctorView): string {
  if (!style.tty) {
    return renderTabs(
      checks.map(({ name, state, detail, fix = "" }) =>
        [name, state, detail, fix].map((text) => ({ text })),
      ),
    );
  }
  const width = Math.max(...checks.map(({ name }) => widthOf(name)));
  return [...checks.map((check) => checkText(style, check, width)), "", summary(checks)].join("\n");
}

function checkText(style: Style, { name, state, detail, fix }: CheckedView, width: number): string {
  const { glyph, ascii, colour } = MARKS[state];
  const mark = style.unicode ? glyph : ascii;
  const indent = " ".repeat(widthOf(mark) + width + 2 * GAP.length);
  const columns = style.columns - indent.length;
  const lines = [
    ...wrap(clean(detail), columns),
    ...(fix === undefined ? [] : wrap(clean(`fix: ${fix}`), columns)),
  ];
  const head = `${style.paint(colour, mark)}${GAP}${padEnd(name, width)}${GAP}`;
  return head + lines.join(`\n${indent}`);
}

function summary(checks: readonly CheckedView[]): string {
  const count = (state: CheckedView["state"]): number =>
    checks.filter((check) => check.state === state).length;
  const [problems, warnings] = [count("fail"), count("warn")];
  if (problems + warnings === 0) return "all is well";
  return `${several(problems, "problem")}, ${several(warnings, "warning")}`;
}

function several(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
