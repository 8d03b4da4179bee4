import { JobrunnerError } from "../../common/error.js";
import type { Clause } from "../../common/job.js";
import type { Json } from "../../common/json.js";

const CLAUSE = /^([A-Za-z_][A-Za-z0-9_]*)(?:\((.*)\))?$/s;

/** Reads `name` or `name(args)`, as `formatClause` writes it. Throws BAD_PARAMETERS. */
export function parseClause(text: string): Clause {
  const match = CLAUSE.exec(text.trim());
  if (match?.[1] === undefined) {
    throw new JobrunnerError("BAD_PARAMETERS", `"${text}" is not a capability`, {
      hint: "Write a name, or a name with arguments: port_is_free(8080).",
    });
  }
  return { name: match[1], args: parseArguments(match[2] ?? "") };
}

function parseArguments(text: string): readonly Json[] {
  try {
    return JSON.parse(`[${text}]`) as readonly Json[];
  } catch {
    // Not JSON: bare words, as people write them. A word that is JSON by itself keeps its type.
    return text.split(",").map((word) => parseWord(word.trim()));
  }
}

function parseWord(word: string): Json {
  try {
    return JSON.parse(word) as Json;
  } catch {
    return word;
  }
}
