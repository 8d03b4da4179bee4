import { Command, Option } from "commander";
import type { FlowView } from "../../../common/wire.js";
import {
  collect,
  type CommonOptions,
  GRAPH_FORMATS,
  type GraphFormat,
  readDuration,
  readWhole,
} from "../../options.js";
import { type Given, type Parameter, parametersOf } from "./parameters.js";
import type { ConcurrencyView } from "../../../common/wire/flow-control.js";
import { readConcurrency } from "./concurrency.js";
import { addCommonOptions, configure, QUIET } from "../../program/usage.js";

/** Flags of `post` itself, after they were read. */
export interface PostingFlags extends CommonOptions {
  readonly wait?: boolean;
  /** The id alone on stdout, and nothing but errors on stderr. */
  readonly quiet?: boolean;
  readonly timeout?: number;
  readonly jobName?: string;
  readonly key?: string;
  readonly priority?: number;
  readonly at?: string;
  /** As typed; the database adds it to its own time. */
  readonly delay?: string;
  /** Pattern of the schedule to make instead. */
  readonly every?: string;
  readonly require?: readonly string[];
  readonly uniqueKey?: string;
  /** As typed. */
  readonly startBy?: string;
  readonly concurrency?: ConcurrencyView;
  readonly dryRun?: boolean;
  /** How to draw the flow instead of posting. */
  readonly graph?: GraphFormat;
}

export interface PostingLine {
  readonly flags: PostingFlags;
  readonly parameters: readonly Parameter[];
  readonly given: Given;
}

/** The text itself, which is read where the job becomes due. */
function checkDuration(text: string): string {
  readDuration(text);
  return text;
}

/** Flags of `post` that take a value, for finding the flow's name among the words. */
export const VALUE_FLAGS: readonly string[] = [
  ...["--via", "-o", "--output", "--color", "--timeout", "--name", "--job-name", "--key"],
  ...["--priority", "--at", "--delay", "--every", "--require", "--unique-key"],
  "--start-by",
  "--concurrency",
];

/** Reads the words after `post NAME`. Throws CommanderError, also after printing the help. */
export function readPosting(flow: FlowView, words: readonly string[]): PostingLine {
  const parameters = parametersOf(flow.schema);
  const { command, attributes } = createPostCommand(flow, parameters);
  command.parse([...words], { from: "user" });
  const values: Readonly<Record<string, unknown>> = command.opts();
  const given = new Map<string, string | boolean | readonly string[]>();
  for (const [property, attribute] of attributes) {
    const value = values[attribute];
    if (isGiven(value)) given.set(property, value);
  }
  return { flags: toFlags(values, new Set(attributes.values())), parameters, given };
}

export function createPostCommand(
  flow: FlowView,
  parameters: readonly Parameter[],
): { readonly command: Command; readonly attributes: ReadonlyMap<string, string> } {
  const command = configure(new Command(`jobrunner post ${flow.name}`))
    .description(`${flow.summary}\n\nflow ${flow.name} v${flow.version}, from ${flow.file}`)
    .usage("[options]")
    .allowExcessArguments(false);
  const attributes = new Map<string, string>();
  for (const parameter of parameters) {
    const options = toOptions(parameter);
    for (const option of options) {
      command.addOption(option.helpGroup("Parameters:"));
      attributes.set(parameter.property, option.attributeName());
    }
  }
  addPostingOptions(command, new Set(parameters.map(({ flag }) => flag)));
  return { command, attributes };
}

export function toOptions({ flag, kind, placeholder, help, schema }: Parameter): readonly Option[] {
  if (kind !== "boolean") {
    const option = new Option(`${flag} ${placeholder}`, help);
    return [kind === "list" ? option.argParser(collect) : option];
  }
  const off = new Option(`--no-${flag.slice(2)}`, `not: ${help}`);
  const on = new Option(flag, help);
  // Only the direction that changes something is worth a line of help; both are understood.
  return schema["default"] === true ? [on.hideHelp(), off] : [on, off.hideHelp()];
}

/** The flow's own parameters come first: a flag of ours with the same name gives way. */
function addPostingOptions(command: Command, taken: ReadonlySet<string>): void {
  const label = taken.has("--name") ? "--job-name <label>" : "--name, --job-name <label>";
  const options = [
    new Option("--wait", "follow the job until it ends; the exit code tells how"),
    new Option("--timeout <duration>", "wait no longer than this").argParser(readDuration),
    new Option(label, "label of the job in lists"),
    new Option("--key <key>", "idempotency key: the same posting again is the same job"),
    new Option("--priority <n>", "higher first, -100..100").argParser(readWhole(-100, 100)),
    new Option("--at <time>", "not before: 2027-01-31T18:00:00Z, or +10m from now"),
    new Option("--delay <duration>", "not before so long from now: 10m").argParser(checkDuration),
    new Option("--every <cron>", "make a schedule that posts it: '0 3 * * 1-5', or @daily"),
    new Option("--require <capability>", "further capability, several times").argParser(collect),
    new Option("--unique-key <key>", "refused while another job with it is not over"),
    new Option(
      "--start-by <time>",
      "ends unstarted after that: 10m from when it is due, or a time",
    ),
    new Option(
      "--concurrency <key:limit>",
      "at most so many jobs of the key at once, everywhere",
    ).argParser(readConcurrency),
    new Option("--graph [format]", "draw the flow and post nothing")
      .choices(GRAPH_FORMATS)
      .preset("text"),
    new Option("--hierarchy", "draw the flow as text").hideHelp(),
    new Option("--dry-run", "check everything, post nothing"),
    new Option(...QUIET),
  ];
  for (const option of options) {
    if (!taken.has(option.long ?? "")) command.addOption(option.helpGroup("Posting:"));
  }
  addCommonOptions(command, taken);
}

function toFlags(
  values: Readonly<Record<string, unknown>>,
  parameters: ReadonlySet<string>,
): PostingFlags {
  // A value under the attribute of a parameter belongs to that parameter.
  const own = Object.entries(values).filter(([attribute]) => !parameters.has(attribute));
  const { hierarchy, ...flags } = Object.fromEntries(own) as PostingFlags & Ancestral;
  return hierarchy === true ? { graph: "text", ...flags } : flags;
}

/** How the ancestor of this program called it. */
interface Ancestral {
  readonly hierarchy?: boolean;
}

export function isGiven(value: unknown): value is string | boolean | readonly string[] {
  return typeof value === "string" || typeof value === "boolean" || Array.isArray(value);
}
