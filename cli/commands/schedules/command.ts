import { Command, Option } from "commander";
import type { FlowView } from "../../../common/wire.js";
import type { ConcurrencyView } from "../../../common/wire/flow-control.js";
import { CATCH_UPS, type CatchUp } from "../../../common/wire/schedules.js";
import { collect, type CommonOptions, readWhole } from "../../options.js";
import { addCommonOptions, configure } from "../../program/usage.js";
import { readConcurrency } from "../post/concurrency.js";
import { isGiven, toOptions } from "../post/command.js";
import { type Given, type Parameter, parametersOf } from "../post/parameters.js";

/** Flags of `schedule add` itself, after they were read. */
export interface SchedulingFlags extends CommonOptions {
  readonly cron?: string;
  readonly tz?: string;
  readonly catchUp?: CatchUp;
  readonly jobName?: string;
  readonly priority?: number;
  readonly require?: readonly string[];
  readonly uniqueKey?: string;
  readonly startBy?: string;
  readonly concurrency?: ConcurrencyView;
}

export interface SchedulingLine {
  readonly flags: SchedulingFlags;
  readonly parameters: readonly Parameter[];
  readonly given: Given;
}

/** Flags that take a value, for finding the names among the words. */
export const VALUE_FLAGS: readonly string[] = [
  ...["--via", "-o", "--output", "--color", "--cron", "--tz", "--catch-up"],
  ...[
    "--name",
    "--job-name",
    "--priority",
    "--require",
    "--unique-key",
    "--start-by",
    "--concurrency",
  ],
];

/** Reads the words beside NAME and FLOW. Throws CommanderError, also after printing the help. */
export function readScheduling(flow: FlowView, words: readonly string[]): SchedulingLine {
  const parameters = parametersOf(flow.schema);
  const command = configure(new Command(`jobrunner schedule add NAME ${flow.name}`))
    .description(`post ${flow.name} again and again: ${flow.summary}`)
    .usage("--cron <pattern> [options]")
    .allowExcessArguments(false);
  const attributes = new Map<string, string>();
  for (const parameter of parameters) {
    for (const option of toOptions(parameter)) {
      command.addOption(option.helpGroup("Parameters:"));
      attributes.set(parameter.property, option.attributeName());
    }
  }
  addSchedulingOptions(command, new Set(parameters.map(({ flag }) => flag)));
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
  return { flags: Object.fromEntries(own) as unknown as SchedulingFlags, parameters, given };
}

/** The flow's own parameters come first: a flag of ours with the same name gives way. */
function addSchedulingOptions(command: Command, taken: ReadonlySet<string>): void {
  const label = taken.has("--name") ? "--job-name <label>" : "--name, --job-name <label>";
  const options = [
    new Option("--cron <pattern>", "minute hour day month weekday: '0 3 * * 1-5'; or @daily"),
    new Option("--tz <zone>", "the zone whose clocks are meant (default: that of this machine)"),
    new Option("--catch-up <policy>", "what was missed: skipped, one job for all, or one each")
      .choices(CATCH_UPS)
      .default("one"),
    new Option(label, "label of the jobs in lists"),
    new Option("--priority <n>", "higher first, -100..100").argParser(readWhole(-100, 100)),
    new Option("--require <capability>", "further capability, several times").argParser(collect),
    new Option("--unique-key <key>", "nothing is posted while another job with it is not over"),
    new Option("--start-by <duration>", "each job ends unstarted so long after its due time"),
    new Option(
      "--concurrency <key:limit>",
      "at most so many jobs of the key at once, everywhere",
    ).argParser(readConcurrency),
  ];
  for (const option of options) {
    if (!taken.has(option.long ?? "")) command.addOption(option.helpGroup("Schedule:"));
  }
  addCommonOptions(command, taken);
}
