import { readFileSync } from "node:fs";
import { type Document, isMap, isNode, LineCounter, parseDocument } from "yaml";
import { normalise } from "./normalise.js";
import { isObject, type Path, type Place, type Problem, type Source } from "./source.js";

/** What is wrong with a file's text; without a source nothing of it could be read. */
export interface FileRead {
  readonly source?: Source;
  readonly problems: readonly Problem[];
}

/** After these the rest of the text means what it says. */
const HARMLESS: readonly string[] = ["DUPLICATE_KEY"];

/** Reads a YAML (so JSON, too) file of settings; undefined when there is no such file. */
export function readSettingsFile(file: string): FileRead | undefined {
  const text = textOf(file);
  if (text === undefined) return undefined;
  if (typeof text !== "string") return { problems: [text] };
  return parseSettings(text, file);
}

function textOf(file: string): string | Problem | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const why = error instanceof Error ? error.message : String(error);
    return { path: [], message: `cannot be read: ${why}`, place: { label: file } };
  }
}

/** `label` names the text in messages. */
export function parseSettings(text: string, label: string): FileRead {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): Place => place(text, label, lines.linePos(offset));
  const problems = document.errors.map(({ message, pos }) => {
    return { path: [], message, place: placeAt(pos[0]) };
  });
  if (document.errors.some(({ code }) => !HARMLESS.includes(code))) return { problems };
  const written: unknown = document.toJS() ?? {};
  if (!isObject(written)) {
    const message = "is not a list of settings: write `key: value`, one a line";
    return { problems: [{ path: [], message, place: placeAt(0) }] };
  }
  const source = {
    settings: normalise(written),
    place: (path: Path, part: "key" | "value" = "value") => placeAt(offsetOf(document, path, part)),
  };
  return { source, problems };
}

/** Where the key or value at `path` begins; of a map, and of what is missing, the key above. */
function offsetOf(document: Document, path: Path, part: "key" | "value"): number {
  for (let length = path.length; length > 0; length -= 1) {
    const [above, key] = [path.slice(0, length - 1), path[length - 1]];
    const parent = above.length === 0 ? document.contents : document.getIn(above, true);
    const value = document.getIn(path.slice(0, length), true);
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === key) : undefined;
    const isValue = part === "value" && isNode(value) && !isMap(value);
    const node = isValue ? value : pair?.key;
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function place(text: string, label: string, at: { line: number; col: number }): Place {
  const line = text.split("\n")[at.line - 1] ?? "";
  return {
    label: `${label}:${String(at.line)}:${String(at.col)}`,
    line: { number: at.line, text: line.trimEnd(), column: at.col },
  };
}
