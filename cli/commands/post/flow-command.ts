import { Command, Option } from "commander";
import type { FlowView } from "../../../common/wire.js";
import { collect } from "../../options.js";
import { addCommonOptions, configure } from "../../program/usage.js";
import { type Given, type Parameter, parametersOf } from "./parameters.js";

/* Commands whose flags are a flow's parameters, and our own beside these. */

/** Our share of such a command. */
export interface Ours {
  /** As people type it: `jobrunner post web`. */
  readonly name: string;
  readonly description: string;
  readonly usage: string;
  /** Of our flags in the help. */
  readonly heading: string;
  /** `taken`: flags of parameters. */
  options(taken: ReadonlySet<string>): readonly Option[];
}

/** What was typed, read. */
export interface Line<Flags> {
  readonly flags: Flags;
  readonly parameters: readonly Parameter[];
  readonly given: Given;
}

/** Throws CommanderError, also after printing the help. */
export function readLine<Flags>(flow: FlowView, ours: Ours, words: readonly string[]): Line<Flags> {
  const parameters = parametersOf(flow.schema);
  const { command, attributes } = create(parameters, ours);
  command.parse([...words], { from: "user" });
  const values: Readonly<Record<string, unknown>> = command.opts();
  const given = new Map<string, string | boolean | readonly string[]>();
  for (const [property, attribute] of attributes) {
    const value = values[attribute];
    if (isGiven(value)) given.set(property, value);
  }
  // A value under the attribute of a parameter belongs to that parameter.
  const theirs = new Set(attributes.values());
  const own = Object.entries(values).filter(([attribute]) => !theirs.has(attribute));
  return { flags: Object.fromEntries(own) as unknown as Flags, parameters, given };
}

export function createFlowCommand({ schema }: FlowView, ours: Ours): Command {
  return create(parametersOf(schema), ours).command;
}

/** The flow's own parameters come first: a flag of ours with the same name gives way. */
function create(
  parameters: readonly Parameter[],
  ours: Ours,
): { readonly command: Command; readonly attributes: ReadonlyMap<string, string> } {
  const command = configure(new Command(ours.name))
    .description(ours.description)
    .usage(ours.usage)
    .allowExcessArguments(false);
  const attributes = new Map<string, string>();
  for (const parameter of parameters) {
    for (const option of toOptions(parameter)) {
      command.addOption(option.helpGroup("Parameters:"));
      attributes.set(parameter.property, option.attributeName());
    }
  }
  const taken = new Set(parameters.map(({ flag }) => flag));
  for (const option of ours.options(taken)) {
    if (!taken.has(option.long ?? "")) command.addOption(option.helpGroup(ours.heading));
  }
  addCommonOptions(command, taken);
  return { command, attributes };
}

function toOptions({ flag, kind, placeholder, help, schema }: Parameter): readonly Option[] {
  if (kind !== "boolean") {
    const option = new Option(`${flag} ${placeholder}`, help);
    return [kind === "list" ? option.argParser(collect) : option];
  }
  const off = new Option(`--no-${flag.slice(2)}`, `not: ${help}`);
  const on = new Option(flag, help);
  // Only the direction that changes something is worth a line of help; both are understood.
  return schema["default"] === true ? [on.hideHelp(), off] : [on, off.hideHelp()];
}

function isGiven(value: unknown): value is string | boolean | readonly string[] {
  return typeof value === "string" || typeof value === "boolean" || Array.isArray(value);
}

/** Those that take a value, for finding names among words before the flow is known. */
export function valueFlagsOf(ours: readonly Option[]): readonly string[] {
  const { options } = addCommonOptions(new Command());
  return [...ours, ...options]
    .filter(({ required }) => required)
    .flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
}
