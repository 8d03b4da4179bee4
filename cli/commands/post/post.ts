import { randomUUID } from "node:crypto";
import { hasCode, JobrunnerError } from "../../../common/error.js";
import type {
  CheckView,
  FlowsView,
  FlowView,
  JobView,
  PostRequest,
  RemovedJobView,
} from "../../../common/wire.js";
import { type Client, createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import { viaText } from "../follow.js";
import { type Print, printerOf } from "../logs/logs.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import type { Style } from "../../screen/style.js";
import { localZone, makeSchedule, scheduleName } from "../schedules/making.js";
import { findFlow, namedByFlags, toJob } from "./flow.js";
import { timeOf } from "./time.js";
import { findName, valueOf } from "./words.js";
import { type PostingFlags, type PostingLine, readPosting, valueFlags } from "./command.js";
import { follow, followLogs, type Posted, postedText } from "./following.js";
import { problemLines, renderFlowsHelp } from "../../screen/flow-list.js";
import { renderJobLine, shortId } from "../../screen/job-list.js";
import { renderGraph } from "../../screen/graph/graph.js";
import { renderPlan } from "../../screen/tree-lines.js";
import { storeText } from "../../screen/value.js";
import { createTerminal, type Terminal } from "../../terminal.js";

interface Posting extends Posted {
  readonly request: PostRequest;
  /** With --follow. */
  readonly print: Print | undefined;
}

/**
 * `jobrunner post [NAME] [flags]`; `words` is what follows `post`, `beside` what another command
 * adds, where a flow may have parameters of these names. Returns the exit code.
 */
export async function post(
  words: readonly string[],
  outer: CommonOptions,
  beside: Partial<Pick<PostingFlags, "quiet">> = {},
): Promise<number> {
  const { name, rest } = findName(words, valueFlags());
  const terminal = createTerminal(outer);
  const via = valueOf(words, "--via") ?? outer.via;
  const client = await createClient({ via, env: process.env, say: terminal.say });
  if (name === undefined) return postHelp(client, terminal, rest);
  const flow = await findFlow(client, name);
  const line = readPosting(flow, rest);
  const flags = { ...outer, ...line.flags, ...beside };
  if (flags.follow === true && flags.quiet === true) throw followedQuietly();
  const own = createTerminal(flags);
  const posting = {
    ...{ client, terminal: own, flags, request: await toRequest(flow, line) },
    // What cannot be printed is refused before anything is posted.
    print: flags.follow === true ? printerOf(own, flags) : undefined,
  };
  if (flags.dryRun === true || flags.graph !== undefined) return check(posting);
  return flags.every === undefined ? send(posting) : repeat(posting, flags.every);
}

function followedQuietly(): JobrunnerError {
  return new JobrunnerError("USAGE", "--follow prints what tasks write, and -q the id alone", {
    hint: "Leave one of them out. --wait -q waits, too, and prints the id.",
  });
}

/** `post --help` lists the flows; `post` alone is an error that lists them too. */
async function postHelp(
  client: Client,
  terminal: Terminal,
  words: readonly string[],
): Promise<number> {
  const asked = words.includes("--help") || words.includes("-h");
  const [write, code] = asked ? [terminal.print, EXIT.ok] : [terminal.say, EXIT.usage];
  if (!asked) terminal.say("error: which flow?");
  write(POST_HELP);
  try {
    const flows = await client.get<FlowsView>("/v1/flows");
    write(renderFlowsHelp(flows));
    for (const line of problemLines(flows)) terminal.say(`not loaded  ${line}`);
  } catch (error) {
    if (!hasCode(error, "UNREACHABLE")) throw error;
    write("  (an agent must run to list them: jobrunner run, or jobrunner dev)");
  }
  return code;
}

const POST_HELP = `Usage: jobrunner post FLOW [flags]

Post a job. Each flow has its own flags: jobrunner post FLOW --help

Flows:`;

async function toRequest(flow: FlowView, line: PostingLine): Promise<PostRequest> {
  return { ...(await toJob(flow, line, "post")), ...timeOf(line.flags) };
}

async function check({ client, terminal, flags, request }: Posting): Promise<number> {
  const { body } = await namedByFlags(
    client.post<CheckView>("/v1/jobs:check", request),
    request.flow,
  );
  const { graph } = flags;
  await printData(terminal, flags.output, {
    view: body,
    names: [body.flow],
    table: (style) =>
      graph === undefined ? checkText(style, body) : renderGraph(style, graph, body.tree),
  });
  if (flags.quiet !== true) terminal.say("nothing was posted");
  return EXIT.ok;
}

function checkText(style: Style, { flow, version, params, needs, tree }: CheckView): string {
  const facts = [
    `flow    ${flow} v${version}`,
    `params  ${storeText(params)}`,
    ...(needs.length === 0 ? [] : [`needs   ${needs.join(", ")}`]),
  ];
  return [...facts, "", renderPlan(style, tree)].join("\n");
}

/** `--every`: a schedule under the job's label, or the flow's name. */
async function repeat(
  { client, terminal, flags, request }: Posting,
  cron: string,
): Promise<number> {
  const once = ONCE.find((flag) => flags[flag] !== undefined);
  if (once !== undefined) {
    throw new JobrunnerError("USAGE", `--every makes a schedule, which has no --${once}`, {
      hint: "Leave one of them out.",
    });
  }
  const name = scheduleName(request.name ?? request.flow);
  const schedule = { name, cron, tz: localZone(), job: request };
  return makeSchedule({ client, terminal, output: flags.output }, schedule);
}

/** Flags that speak of one job. */
const ONCE = ["at", "delay", "wait", "follow", "timeout", "key"] as const;

async function send(posting: Posting): Promise<number> {
  const { client, terminal, flags, request, print } = posting;
  const key = flags.key ?? randomUUID();
  const answer = client.post<JobView | RemovedJobView>("/v1/jobs", request, key);
  const { body, replayed } = await namedByFlags(answer, request.flow);
  if ("removed" in body) {
    terminal.say(`job ${body.id} was posted with this key before; it is ${body.removed}`);
    return EXIT.ok;
  }
  if (replayed) terminal.hint("posted before with this key; nothing new was posted");
  if (print !== undefined) return followLogs(posting, body, print);
  if (flags.wait === true || flags.timeout !== undefined) return follow(posting, body);
  await printData(terminal, flags.output, {
    view: body,
    names: [body.id],
    table: (style) => {
      if (flags.quiet === true) return body.id;
      return style.tty ? postedText(body) : renderJobLine(style, body, Date.now());
    },
  });
  if (terminal.out.tty) {
    terminal.hint(`follow it: jobrunner wait ${shortId(body.id)}${viaText(flags.via)}`);
  }
  return EXIT.ok;
}
