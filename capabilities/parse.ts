import { JobrunnerError } from "../common/error.js";
import { type Clause, formatClause } from "../common/job.js";
import type { Json } from "../common/json.js";
import { nearest } from "../common/text/nearest.js";
import type { Capability, Instant, Registry } from "./capability.js";

const CLAUSE = /^([A-Za-z_][A-Za-z0-9_]*)(?:\((.*)\))?$/s;

/**
 * Reads `name` or `name(arguments)` as people write it, and as `formatClause` does: words with
 * commas between, or JSON. Throws BAD_PARAMETERS for what is none, for a name that nobody here
 * knows and for arguments that cannot be meant.
 */
export async function parseClause(text: string, registry: Registry): Promise<Clause> {
  const { clause, capability } = read(text, registry);
  return refuse(clause, capability, await capability.mistake(clause.args));
}

/** The same at once, for capabilities that need no runner to look at their arguments. */
export function parseClauseNow(text: string, registry: Registry<Instant>): Clause {
  const { clause, capability } = read(text, registry);
  return refuse(clause, capability, capability.mistake(clause.args));
}

/** The same whatever capabilities there are. */
export function readClause(text: string): Clause {
  const match = CLAUSE.exec(text.trim());
  if (match?.[1] !== undefined) return { name: match[1], args: parseArguments(match[2] ?? "") };
  throw new JobrunnerError("BAD_PARAMETERS", `"${text}" is not a capability`, {
    hint: "Write a name, or a name with arguments: port_is_free(8080).",
  });
}

function read<C extends Capability>(
  text: string,
  registry: Registry<C>,
): { readonly clause: Clause; readonly capability: C } {
  const clause = readClause(text);
  const capability = registry.get(clause.name);
  if (capability === undefined) throw unknownName(clause.name, registry);
  return { clause, capability };
}

function refuse(clause: Clause, capability: Capability, mistake: string | undefined): Clause {
  if (mistake === undefined) return clause;
  const usage = capability.usage === "" ? clause.name : `${clause.name}(${capability.usage})`;
  throw new JobrunnerError("BAD_PARAMETERS", `${formatClause(clause)}: ${mistake}`, {
    hint: `It is written ${usage}: ${capability.summary}`,
  });
}

function unknownName(name: string, registry: Registry): JobrunnerError {
  const names = [...registry.keys()];
  const meant = nearest(name, names);
  return new JobrunnerError("BAD_PARAMETERS", `there is no capability "${name}"`, {
    hint: meant === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${meant}?`,
  });
}

function parseArguments(text: string): readonly Json[] {
  if (text.trim() === "") return [];
  try {
    // Quotes and brackets: JSON, which alone can hold commas.
    if (/["[{]/.test(text)) return JSON.parse(`[${text}]`) as readonly Json[];
  } catch {
    // Not JSON after all: words.
  }
  return text.split(",").map((word) => parseWord(word.trim()));
}

/** A word that is JSON keeps its type, unless that would change it: 20.10 is not 20.1. */
function parseWord(word: string): Json {
  try {
    const value = JSON.parse(word) as Json;
    return String(value) === word ? value : word;
  } catch {
    return word;
  }
}
