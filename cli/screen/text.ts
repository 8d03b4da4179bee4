/*
 * Text for terminals: what may be printed, how wide it is, and how it is cut. Names, parameters and
 * failures come from other people; a control sequence in one of them must not reach the terminal.
 */

const CONTROL = /[\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029]/gu;
/** Combining marks take no column; the joiners are gone with the control characters. */
const ZERO = /^\p{M}$/u;
/** East Asian wide and emoji blocks: two columns. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** One line without anything that a terminal obeys. */
export function clean(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, " ").replaceAll(CONTROL, "\ufffd");
}

/** The same with nothing lost: what a terminal would obey is spelled out, `\\x1b`; tabs stay. */
export function escaped(text: string): string {
  return text.replaceAll(CONTROL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\t") return character;
    const digits = code.toString(16);
    return code <= 0xff ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
  });
}

/** Columns that `text` takes; colour codes take none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of withoutColours(text)) {
    width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  }
  return width;
}

export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** `text`, uncoloured, cut to so many columns with a mark at its end; `Infinity` cuts nothing. */
export function fit(text: string, columns: number, mark = "…"): string {
  if (columns === Infinity) return text;
  const room = columns - widthOf(mark);
  let width = 0;
  let end = 0;
  let kept = 0; // What fits beside the mark. A text may be megabytes: look no further than needed.
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) return room < 0 ? "" : text.slice(0, kept) + mark;
    end += character.length;
    if (width <= room) kept = end;
  }
  return text;
}

/** The same for a text whose end tells most, such as a path: its beginning is cut. */
export function fitEnd(text: string, columns: number, mark = "…"): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  for (const character of [...text].reverse()) {
    if (widthOf(character + kept) > columns - widthOf(mark)) break;
    kept = character + kept;
  }
  return columns < widthOf(mark) ? "" : mark + kept;
}

/** `text`, uncoloured, in lines of so many columns: between words, long words anywhere. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  let width = 0;
  const end = (): void => {
    lines.push(line.trimEnd());
    line = "";
    width = 0;
  };
  for (const word of text.split(/(?<= )/)) {
    if (width > 0 && width + widthOf(word.trimEnd()) > columns) end();
    for (const character of word) {
      const more = widthOf(character);
      if (width > 0 && width + more > columns && character !== " ") end();
      line += character;
      width += more;
    }
  }
  end();
  return lines;
}

function withoutColours(text: string): string {
  return text.replaceAll(/\u001b\[[0-9;]*m/g, "");
}
