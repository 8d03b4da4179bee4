import { z } from "zod";
import { JobrunnerError } from "../common/error.js";
import type { Json, Store } from "../common/json.js";
import { toJson } from "./json-safe.js";

/** Where a parameter is wrong, as a JSON pointer, and how. */
export interface ParameterProblem {
  readonly pointer: string;
  readonly detail: string;
}

/** Flags of `jobrunner post` itself: a parameter of that name could not be given. */
export const RESERVED_PARAMETERS: readonly string[] = [
  ...["at", "avoid", "color", "config", "delay", "dry-run", "every", "flow", "follow", "from-file"],
  ...["graph", "help", "hierarchy", "json", "key", "on", "output", "priority", "quiet", "require"],
  ...["timeout", "token", "verbose", "version", "via", "wait"],
];

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/;

/** A flow's parameters, checked when the flow is defined. */
export interface Parameters {
  /** JSON Schema of what a poster writes. */
  readonly schema: Readonly<Record<string, Json>>;
  readonly names: readonly string[];
  /** Those whose values are shown to nobody: `.meta({ secret: true })`. */
  readonly secrets: readonly string[];
  /** With defaults; rejects with BAD_PARAMETERS, whose cause is a list of ParameterProblem. */
  parse(input: Json): Store;
}

/** Checks that command line, HTTP and journal can carry these parameters; throws BAD_FLOW. */
export function toParameters(flow: string, schema: z.ZodObject): Parameters {
  if (!isObjectSchema(schema)) {
    throw bad(flow, "params must be z.object({...}): parameters have names.");
  }
  const names = Object.keys(schema.shape);
  for (const name of names) checkName(flow, name);
  const strict = schema.def.catchall === undefined ? schema.strict() : schema;
  const json = toJsonSchema(flow, strict);
  return {
    schema: json,
    names,
    secrets: secretsOf(flow, json),
    parse: (input) => parse(strict, input),
  };
}

function isObjectSchema(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && "shape" in schema && "def" in schema;
}

function checkName(flow: string, name: string): void {
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll("_", "-");
  if (RESERVED_PARAMETERS.includes(flag)) {
    throw bad(flow, `parameter "${name}" has the name of a flag of jobrunner post.`);
  }
  if (!NAME.test(name)) {
    throw bad(flow, `parameter "${name}" cannot be a flag: letters, digits, "_" and "-" only.`);
  }
}

type Schema = Readonly<Record<string, Json>>;

function toJsonSchema(flow: string, schema: z.ZodObject): Schema {
  for (const [name, member] of Object.entries(schema.shape)) {
    try {
      z.toJSONSchema(member, { io: "input" });
      z.toJSONSchema(member, { io: "output" });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw bad(flow, `parameter "${name}" cannot travel as JSON: ${why}.`);
    }
  }
  const whole = toJson(z.toJSONSchema(schema, { io: "input" }));
  if ("problem" in whole) throw bad(flow, `the schema of its parameters: ${whole.problem}.`);
  return whole.json as Schema;
}

/** A part of a parameter cannot be secret: it would have to be found in every text by itself. */
function secretsOf(flow: string, schema: Schema): readonly string[] {
  return Object.entries((schema["properties"] ?? {}) as Schema).flatMap(([name, member]) => {
    const { secret, ...rest } = member as Schema;
    if (!JSON.stringify(rest).includes('"secret":true')) return secret === true ? [name] : [];
    throw bad(flow, `a part of parameter "${name}" is secret: mark the whole parameter.`);
  });
}

function parse(schema: z.ZodObject, input: Json): Store {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw refused(parsed.error.issues.flatMap(toProblems));
  const json = toJson(parsed.data);
  if ("problem" in json) throw refused([{ pointer: "", detail: json.problem }]);
  return json.json as Store;
}

function toProblems(issue: z.core.$ZodIssue): readonly ParameterProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      pointer: toPointer([...issue.path, key]),
      detail: "There is no such parameter.",
    }));
  }
  return [{ pointer: toPointer(issue.path), detail: issue.message }];
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function refused(problems: readonly ParameterProblem[]): JobrunnerError {
  const text = problems.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`).join("; ");
  return new JobrunnerError("BAD_PARAMETERS", text, { cause: problems });
}

function bad(flow: string, message: string): JobrunnerError {
  return new JobrunnerError("BAD_FLOW", `Flow "${flow}": ${message}`);
}
