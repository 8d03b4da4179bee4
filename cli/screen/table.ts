import { ellipsis, type Style } from "./style.js";
import { clean, fit, fitEnd, padEnd, widthOf } from "./text.js";

export interface Column {
  readonly title: string;
  /** May be cut when the terminal is narrow; the others are shown whole. */
  readonly flexible?: boolean;
  /** Cut at its beginning: the end of a path tells more. */
  readonly keepsEnd?: boolean;
}

/** A cell with colours is given as the text to measure and cut, and what paints it. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

const GAP = "  ";
/** A flexible column is not cut below this. */
const FLEXIBLE_MIN = 6;

/** Rows as people read them: aligned columns under titles, cut to the terminal's width. */
export function renderTable(
  style: Style,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string {
  const tidy = rows.map((row) => row.map((cell) => ({ ...cell, text: clean(cell.text) })));
  const titles = columns.map(({ title }) => ({
    text: title,
    paint: (text: string) => style.paint("dim", text),
  }));
  const widths = fitColumns(style, columns, [titles, ...tidy]);
  return [titles, ...tidy].map((row) => renderRow(style, { columns, widths }, row)).join("\n");
}

/** Rows as programs read them: no titles, no colours, nothing cut, tabs between. */
export function renderTabs(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(({ text }) => clean(text)).join("\t")).join("\n");
}

interface Layout {
  readonly columns: readonly Column[];
  readonly widths: readonly number[];
}

function renderRow(style: Style, { columns, widths }: Layout, row: readonly Cell[]): string {
  const cells = row.map(({ text, paint }, index) => {
    const width = widths[index] ?? 0;
    const toWidth = columns[index]?.keepsEnd === true ? fitEnd : fit;
    const cut = toWidth(text, width, ellipsis(style));
    const padded = index === row.length - 1 ? cut : padEnd(cut, width);
    return paint === undefined ? padded : paint(cut) + padded.slice(cut.length);
  });
  return cells.join(GAP).trimEnd();
}

function fitColumns(
  style: Style,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): readonly number[] {
  const widths = columns.map((_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index]?.text ?? ""))),
  );
  const total = (): number => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  // The widest flexible column gives first, one column at a time, until the row fits.
  while (total() > style.columns) {
    const widest = widestFlexible(columns, widths);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function widestFlexible(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let widest: number | undefined;
  columns.forEach(({ flexible }, index) => {
    const width = widths[index] ?? 0;
    if (flexible !== true || width <= FLEXIBLE_MIN) return;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  });
  return widest;
}
