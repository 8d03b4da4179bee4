import picocolors from "picocolors";

/** How a stream is written to: its width, its characters, its colours. */
export interface Style {
  /** True when a person looks at it: hints, cutting and redrawing make sense. */
  readonly tty: boolean;
  /** Columns; Infinity when nothing may be cut. */
  readonly columns: number;
  readonly unicode: boolean;
  /** `-o wide`: every column, and nothing cut, whatever the width. */
  readonly wide: boolean;
  paint(colour: Colour, text: string): string;
}

export type Colour = "green" | "red" | "yellow" | "cyan" | "dim" | "bold";

type Paint = (text: string) => string;

export interface StyleOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tty: boolean;
  readonly columns?: number | undefined;
  /** `--ascii`. */
  readonly ascii?: boolean;
  readonly wide?: boolean;
  readonly platform?: string;
}

const COLUMNS = 80;
/** On less nothing can be laid out: lines are wrapped by the terminal then. */
const COLUMNS_MIN = 20;

export function createStyle(options: StyleOptions): Style {
  const { env, tty, ascii = false, wide = false } = options;
  const colours = picocolors.createColors(hasColours(env, tty));
  return {
    tty,
    columns: tty && !wide ? widthOf(options.columns) : Number.POSITIVE_INFINITY,
    wide,
    unicode: !ascii && isUnicode(env, options.platform ?? "linux"),
    paint: (colour, text) => colours[colour](text),
  };
}

/** Terminals that nobody has given a size (in scripts, in CI) say 0. */
function widthOf(columns = 0): number {
  return columns === 0 ? COLUMNS : Math.max(COLUMNS_MIN, columns);
}

function hasColours(env: StyleOptions["env"], tty: boolean): boolean {
  const isSet = (name: string): boolean => (env[name] ?? "") !== "";
  if (isSet("NO_COLOR")) return false;
  if (isSet("FORCE_COLOR")) return env["FORCE_COLOR"] !== "0";
  if (isSet("CLICOLOR_FORCE")) return env["CLICOLOR_FORCE"] !== "0";
  return tty && env["TERM"] !== "dumb";
}

/** The locale decides; macOS and Windows terminals take UTF-8 where no locale is set. */
function isUnicode(env: StyleOptions["env"], platform: string): boolean {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find(
    (value) => (value ?? "") !== "",
  );
  if (locale === undefined) return platform === "darwin" || platform === "win32";
  return /utf-?8/i.test(locale);
}

interface Look {
  readonly glyph: string;
  readonly ascii: string;
  readonly colour: Colour;
}

const LOOKS: Readonly<Record<string, Look>> = {
  SCHEDULED: { glyph: "◷", ascii: "@", colour: "dim" },
  WAITING: { glyph: "○", ascii: ".", colour: "dim" },
  PENDING: { glyph: "○", ascii: ".", colour: "dim" },
  RUNNING: { glyph: "●", ascii: "~", colour: "cyan" },
  RETRYING: { glyph: "⟳", ascii: "~", colour: "yellow" },
  REVERTING: { glyph: "↩", ascii: "<", colour: "yellow" },
  REVERTED: { glyph: "↩", ascii: "<", colour: "yellow" },
  LOST: { glyph: "?", ascii: "?", colour: "yellow" },
  SUSPENDED: { glyph: "‖", ascii: "=", colour: "yellow" },
  IGNORE: { glyph: "–", ascii: "-", colour: "dim" },
  SUCCESS: { glyph: "✔", ascii: "+", colour: "green" },
  FAILURE: { glyph: "✘", ascii: "x", colour: "red" },
  REVERT_FAILURE: { glyph: "✘", ascii: "x", colour: "red" },
  CANCELLED: { glyph: "⊘", ascii: "-", colour: "dim" },
};
const UNKNOWN: Look = { glyph: "?", ascii: "?", colour: "dim" };

/** Sign and word of a state, `✔ SUCCESS`: never the colour or the sign alone. */
export function stateCell(style: Style, state: string): { text: string; paint: Paint } {
  const { ascii, colour, glyph } = LOOKS[state] ?? UNKNOWN;
  const text = `${style.unicode ? glyph : ascii} ${state}`;
  return { text, paint: (part) => style.paint(colour, part) };
}

export function stateText(style: Style, state: string): string {
  const { text, paint } = stateCell(style, state);
  return paint(text);
}

/** What stands for something that is not there. */
export function dash(style: Style): string {
  return style.unicode ? "–" : "-";
}

export function ellipsis(style: Style): string {
  return style.unicode ? "…" : "...";
}
