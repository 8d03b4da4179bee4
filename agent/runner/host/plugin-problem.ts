import { readFileSync } from "node:fs";
import { JobrunnerError } from "../../../common/error.js";
import type { PluginProblem } from "../runner.js";

interface Place {
  readonly line: number;
  readonly column?: number;
}

/** Where in a plugin something went wrong, as well as the error tells. */
export function toProblem(file: string, error: unknown): PluginProblem {
  if (!(error instanceof Error)) return { file, message: `threw ${String(error)}` };
  return fromParser(file, error) ?? fromStack(file, error);
}

/** jiti reports what cannot be parsed as `ParseError: <text> \n <file>:<line>:<column>`. */
function fromParser(plugin: string, error: Error): PluginProblem | undefined {
  const match = /^ParseError: ([\s\S]*?)\s*\n\s*(\S[^\n]*):(\d+):(\d+)\s*$/.exec(error.message);
  if (match === null) return undefined;
  const [, text = "", file = "", line, column] = match;
  // Its columns count from 0, those of editors from 1.
  const message = file === plugin ? text.trim() : `${text.trim()} (imported by ${plugin})`;
  return { file, line: Number(line), column: Number(column) + 1, message };
}

function fromStack(file: string, error: Error): PluginProblem {
  const [first = ""] = error.message.split("\n"); // Node appends its list of requirers.
  const own = error.name === "JobrunnerError" || error instanceof JobrunnerError;
  const message = own || error.name === "Error" ? first : `${error.name}: ${first}`;
  const found = placeIn(file, error.stack ?? "");
  return { file, ...(found !== undefined && inSource(file, found, first)), message };
}

/** The innermost frame of the stack that lies in the file. */
function placeIn(file: string, stack: string): Place | undefined {
  for (const frame of stack.split("\n")) {
    const match = /\(?((?:file:\/\/)?\/[^()]*):(\d+):(\d+)\)?$/.exec(frame.trim());
    if (match?.[1]?.replace("file://", "").endsWith(file) === true) {
      return { line: Number(match[2]), column: Number(match[3]) };
    }
  }
  return undefined;
}

/** What an import asks for, as it stands in the source. */
function specifierOf(message: string): string | undefined {
  return /^Cannot find (?:module|package) '([^']+)'/.exec(message)?.[1];
}

/**
 * Lines survive the transpiler, columns do not where it rewrites, as it does with imports: then the
 * column is that of what is imported, or none.
 */
function inSource(file: string, place: Place, message: string): Place {
  const text = readFileSync(file, "utf8").split(/\r?\n/)[place.line - 1] ?? "";
  const specifier = specifierOf(message);
  const at = specifier === undefined ? -1 : text.indexOf(specifier);
  if (at >= 0) return { line: place.line, column: at };
  return place.column !== undefined && place.column <= text.length ? place : { line: place.line };
}
