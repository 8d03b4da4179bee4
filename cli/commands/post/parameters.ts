import { JobrunnerError } from "../../../common/error.js";
import type { Json, Store } from "../../../common/json.js";
import { kebab } from "../../../common/text/kebab.js";
import { nearest } from "../../../common/text/nearest.js";

/*
 * A flow's JSON Schema as flags. What a schema says in a simple way (numbers, choices, lists)
 * becomes a typed flag; everything else is given as JSON. The agent validates again: this is for
 * help and for errors that name the flag.
 */

type Schema = Readonly<Record<string, Json>>;

export interface Parameter {
  /** Its name in the flow. */
  readonly property: string;
  /** `--dry-mode`. */
  readonly flag: string;
  readonly kind: "boolean" | "number" | "integer" | "text" | "choice" | "list" | "json";
  /** Of a list: how one item is read. */
  readonly item?: Parameter;
  /** What the help shows for the value: `<n>`. */
  readonly placeholder: string;
  /** Description, range, default and required mark. */
  readonly help: string;
  readonly required: boolean;
  readonly schema: Schema;
}

const PLACEHOLDERS = {
  boolean: "",
  number: "<number>",
  integer: "<n>",
  text: "<text>",
  choice: "<choice>",
  list: "<text>",
  json: "<json>",
} as const;

export function parametersOf(schema: Schema): readonly Parameter[] {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(objectOf(schema["properties"])).map(([property, member]) =>
    toParameter(property, objectOf(member), required.includes(property)),
  );
}

/** The flag of a parameter; `--no-x` would be read as the opposite of x. */
export function flagOf(property: string): string {
  const name = kebab(property);
  return name.startsWith("no-") ? `--with-${name}` : `--${name}`;
}

function toParameter(property: string, schema: Schema, required: boolean): Parameter {
  const kind = kindOf(schema);
  const flag = flagOf(property);
  const item =
    kind === "list"
      ? { ...toParameter(property, objectOf(schema["items"]), true), flag }
      : undefined;
  return {
    property,
    flag,
    kind,
    // An item of a list is always given as a value, true or false included.
    placeholder: item === undefined ? PLACEHOLDERS[kind] : item.placeholder || "<true|false>",
    help: helpOf(schema, kind, required),
    required,
    schema,
    ...(item === undefined ? {} : { item }),
  };
}

function kindOf(schema: Schema): Parameter["kind"] {
  if (Array.isArray(schema["enum"]) || "const" in schema) return "choice";
  switch (schema["type"]) {
    case "boolean":
    case "number":
    case "integer":
      return schema["type"];
    case "string":
      return "text";
    case "array":
      return "list";
    default:
      return "json";
  }
}

function helpOf(schema: Schema, kind: Parameter["kind"], required: boolean): string {
  const description = typeof schema["description"] === "string" ? schema["description"] : "";
  const choices = choicesOf(schema).map(plain).join(" | ");
  const range = rangeOf(schema);
  const facts = [
    [description, choices].filter((part) => part !== "").join(": "),
    range ?? "",
    kind === "list" ? "may be given several times" : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
  const fallback = "default" in schema ? [`(default: ${JSON.stringify(schema["default"])})`] : [];
  return [facts, ...fallback, ...(required ? ["(required)"] : [])].join(" ").trim();
}

/** `1..65535`, `at least 1`; bounds that only say "a safe integer" are none. */
function rangeOf(schema: Schema): string | undefined {
  const low = boundOf(schema["minimum"]);
  const high = boundOf(schema["maximum"]);
  if (low !== undefined && high !== undefined) return `${low}..${high}`;
  if (low !== undefined) return `at least ${low}`;
  if (high !== undefined) return `at most ${high}`;
  const above = boundOf(schema["exclusiveMinimum"]);
  return above === undefined ? undefined : `more than ${above}`;
}

function boundOf(value: Json | undefined): number | undefined {
  if (typeof value !== "number" || Math.abs(value) >= Number.MAX_SAFE_INTEGER) return undefined;
  return value;
}

/** What was given for each flag: texts as typed, booleans of `--x` and `--no-x`. */
export type Given = ReadonlyMap<string, string | boolean | readonly string[]>;

/**
 * The values to post: those given, which win over others that are known. Throws USAGE naming the
 * flag; what is not given is left to the flow.
 */
export function readParameters(
  parameters: readonly Parameter[],
  given: Given,
  known: Store = {},
): Store {
  const missing = parameters.filter(
    ({ property, required }) => required && !given.has(property) && !Object.hasOwn(known, property),
  );
  if (missing.length > 0) {
    throw new JobrunnerError(
      "USAGE",
      `${missing.map(({ flag }) => flag).join(", ")} must be given`,
    );
  }
  const entries = parameters.flatMap((parameter): readonly (readonly [string, Json])[] => {
    const value = given.get(parameter.property);
    return value === undefined ? [] : [[parameter.property, read(parameter, value)]];
  });
  return { ...known, ...Object.fromEntries(entries) };
}

/** `where`: the flag that names it, and its name. */
export function noSuchParameter(
  flow: string,
  [flag, name]: readonly [flag: string, name: string],
  names: readonly string[],
): JobrunnerError {
  const meant = nearest(name, names);
  const known = names.length === 0 ? "It has none." : `It has ${names.join(", ")}.`;
  return new JobrunnerError("USAGE", `${flag}: flow ${flow} has no parameter "${name}"`, {
    hint: meant === undefined ? known : `did you mean ${meant}?`,
  });
}

function read(parameter: Parameter, value: string | boolean | readonly string[]): Json {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") {
    const { item = parameter } = parameter;
    return value.map((each) => readOne(item, each));
  }
  return readOne(parameter, value);
}

function readOne(parameter: Parameter, text: string): Json {
  switch (parameter.kind) {
    case "number":
    case "integer":
      return readNumber(parameter, text);
    case "choice":
      return readChoice(parameter, text);
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      throw wrong(parameter, `"${text}" is neither true nor false`);
    case "text":
      return text;
    case "list":
    case "json":
      return readJson(parameter, text);
  }
}

function readNumber(parameter: Parameter, text: string): Json {
  const { kind, schema } = parameter;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw wrong(parameter, `"${text}" is not a number`);
  if (kind === "integer" && !Number.isSafeInteger(value)) {
    throw wrong(parameter, `${text} is not a whole number`);
  }
  const range = rangeOf(schema);
  const [low, high] = [boundOf(schema["minimum"]), boundOf(schema["maximum"])];
  const above = boundOf(schema["exclusiveMinimum"]);
  const allowed = range === undefined ? "" : `, the flow allows ${range}`;
  if (low !== undefined && value < low) throw wrong(parameter, `${text} is too small${allowed}`);
  if (above !== undefined && value <= above) {
    throw wrong(parameter, `${text} is too small${allowed}`);
  }
  if (high !== undefined && value > high) throw wrong(parameter, `${text} is too big${allowed}`);
  return value;
}

function readChoice(parameter: Parameter, text: string): Json {
  const choices = choicesOf(parameter.schema);
  const chosen = choices.find((choice) => plain(choice) === text);
  if (chosen !== undefined) return chosen;
  throw wrong(parameter, `"${text}" is not one of ${choices.map(plain).join(", ")}`);
}

/** JSON; a text that is none is taken as a text where the schema has room for one. */
function readJson(parameter: Parameter, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    const alternatives = parameter.schema["anyOf"] ?? parameter.schema["oneOf"];
    const takesText =
      Array.isArray(alternatives) &&
      alternatives.some((each) => objectOf(each)["type"] === "string");
    if (takesText || !("type" in parameter.schema || alternatives)) return text;
    throw wrong(parameter, `"${text}" is not JSON`);
  }
}

function choicesOf(schema: Schema): readonly Json[] {
  if (Array.isArray(schema["enum"])) return schema["enum"];
  return schema["const"] === undefined ? [] : [schema["const"]];
}

function wrong(parameter: Parameter, detail: string): JobrunnerError {
  return new JobrunnerError("USAGE", `${parameter.flag}: ${detail}`);
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function objectOf(value: Json | undefined): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Schema)
    : {};
}
