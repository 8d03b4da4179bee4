import { type Command, Option } from "commander";
import type { FlowView } from "../../../common/wire.js";
import { CATCH_UPS, type CatchUp } from "../../../common/wire/schedules.js";
import type { CommonOptions } from "../../options.js";
import {
  createFlowCommand,
  type Line,
  type Ours,
  readLine,
  valueFlagsOf,
} from "../post/flow-command.js";
import { type JobFlags, jobOptions } from "../post/job-flags.js";

/** Flags of `schedule add` itself, after they were read. */
export interface SchedulingFlags extends CommonOptions, JobFlags {
  readonly cron?: string;
  readonly tz?: string;
  readonly catchUp?: CatchUp;
}

/** Flags that take a value, for finding the names among the words. */
export function valueFlags(): readonly string[] {
  return valueFlagsOf(schedulingOptions(new Set()));
}

/** Reads the words beside NAME and FLOW. Throws CommanderError, also after printing the help. */
export function readScheduling(flow: FlowView, words: readonly string[]): Line<SchedulingFlags> {
  return readLine(flow, oursOf(flow), words);
}

export function createAddCommand(flow: FlowView): Command {
  return createFlowCommand(flow, oursOf(flow));
}

function oursOf({ name, summary }: FlowView): Ours {
  return {
    name: `jobrunner schedule add NAME ${name}`,
    description: `post ${name} again and again: ${summary}`,
    usage: "--cron <pattern> [options]",
    heading: "Schedule:",
    options: schedulingOptions,
  };
}

function schedulingOptions(taken: ReadonlySet<string>): readonly Option[] {
  return [
    new Option("--cron <pattern>", "minute hour day month weekday: '0 3 * * 1-5'; or @daily"),
    new Option("--tz <zone>", "the zone whose clocks are meant (default: that of this machine)"),
    new Option("--catch-up <policy>", "what was missed: skipped, one job for all, or one each")
      .choices(CATCH_UPS)
      .default("one"),
    ...jobOptions(taken, {
      name: "label of the jobs in lists",
      uniqueKey: "nothing is posted while another job with it is not over",
      startBy: new Option(
        "--start-by <duration>",
        "each job ends unstarted so long after its due time",
      ),
    }),
  ];
}
