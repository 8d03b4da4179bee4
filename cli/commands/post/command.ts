import { type Command, Option } from "commander";
import type { FlowView } from "../../../common/wire.js";
import {
  type CommonOptions,
  GRAPH_FORMATS,
  type GraphFormat,
  readDuration,
} from "../../options.js";
import { QUIET } from "../../program/usage.js";
import { createFlowCommand, type Line, type Ours, readLine, valueFlagsOf } from "./flow-command.js";
import { type JobFlags, jobOptions } from "./job-flags.js";

/** Flags of `post` itself, after they were read. */
export interface PostingFlags extends CommonOptions, JobFlags {
  readonly wait?: boolean;
  /** Its lines are printed until it ends. */
  readonly follow?: boolean;
  /** The id alone on stdout, and nothing but errors on stderr. */
  readonly quiet?: boolean;
  readonly timeout?: number;
  readonly key?: string;
  readonly at?: string;
  /** As typed; the database adds it to its own time. */
  readonly delay?: string;
  /** Pattern of the schedule to make instead. */
  readonly every?: string;
  readonly dryRun?: boolean;
  /** How to draw the flow instead of posting. */
  readonly graph?: GraphFormat;
}

export type PostingLine = Line<PostingFlags>;

/** The text itself, which is read where the job becomes due. */
function checkDuration(text: string): string {
  readDuration(text);
  return text;
}

/** Flags of `post` that take a value, for finding the flow's name among the words. */
export function valueFlags(): readonly string[] {
  return valueFlagsOf(postingOptions(new Set()));
}

/** Reads the words after `post NAME`. Throws CommanderError, also after printing the help. */
export function readPosting(flow: FlowView, words: readonly string[]): PostingLine {
  const { flags, ...line } = readLine<PostingFlags & Ancestral>(flow, oursOf(flow), words);
  const { hierarchy, ...own } = flags;
  return { ...line, flags: hierarchy === true ? { graph: "text", ...own } : own };
}

export function createPostCommand(flow: FlowView): Command {
  return createFlowCommand(flow, oursOf(flow));
}

function oursOf({ name, summary, version, file }: FlowView): Ours {
  return {
    name: `jobrunner post ${name}`,
    description: `${summary}\n\nflow ${name} v${version}, from ${file}`,
    usage: "[options]",
    heading: "Posting:",
    options: postingOptions,
  };
}

function postingOptions(taken: ReadonlySet<string>): readonly Option[] {
  return [
    new Option("--wait", "follow the job until it ends; the exit code tells how"),
    new Option("--follow", "the same, printing what its tasks write"),
    new Option("--timeout <duration>", "wait no longer than this").argParser(readDuration),
    new Option("--key <key>", "idempotency key: the same posting again is the same job"),
    new Option("--at <time>", "not before: 2027-01-31T18:00:00Z, or +10m from now"),
    new Option("--delay <duration>", "not before so long from now: 10m").argParser(checkDuration),
    new Option("--every <cron>", "make a schedule that posts it: '0 3 * * 1-5', or @daily"),
    ...jobOptions(taken, {
      name: "label of the job in lists",
      uniqueKey: "refused while another job with it is not over",
      startBy: new Option(
        "--start-by <time>",
        "ends unstarted after that: 10m from when it is due, or a time",
      ),
    }),
    new Option("--graph [format]", "draw the flow and post nothing")
      .choices(GRAPH_FORMATS)
      .preset("text"),
    new Option("--hierarchy", "draw the flow as text").hideHelp(),
    new Option("--dry-run", "check everything, post nothing"),
    new Option(...QUIET),
  ];
}

/** How the ancestor of this program called it. */
interface Ancestral {
  readonly hierarchy?: boolean;
}
