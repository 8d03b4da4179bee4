import { randomUUID } from "node:crypto";
import { parseDuration } from "../../../common/text/duration.js";
import { hasCode, JobrunnerError } from "../../../common/error.js";
import type { Store } from "../../../common/json.js";
import { nearest } from "../../../common/text/nearest.js";
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
import { badEndText, detachedText, followJob, viaText } from "../follow.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import type { Style } from "../../screen/style.js";
import { flagOf, readParameters } from "./parameters.js";
import { type PostingFlags, type PostingLine, readPosting, VALUE_FLAGS } from "./command.js";
import { problemLines, renderFlowsHelp } from "../../screen/flow-list.js";
import { renderJob } from "../../screen/job.js";
import { renderJobLine, shortId } from "../../screen/job-list.js";
import { renderGraph } from "../../screen/graph/graph.js";
import { renderPlan } from "../../screen/tree-lines.js";
import { storeText } from "../../screen/value.js";
import { createTerminal, interruption, type Terminal } from "../../terminal.js";

interface Posting {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly flags: PostingFlags;
  readonly request: PostRequest;
}

/** `jobrunner post [NAME] [flags]`; `words` is what follows `post`. Returns the exit code. */
export async function post(words: readonly string[], outer: CommonOptions): Promise<number> {
  const { name, rest } = findName(words);
  const terminal = createTerminal(outer);
  const via = valueOf(words, "--via") ?? outer.via;
  const client = await createClient({ via, env: process.env, say: terminal.say });
  if (name === undefined) return postHelp(client, terminal, rest);
  const flow = await findFlow(client, name);
  const line = readPosting(flow, rest);
  const flags = { ...outer, ...line.flags };
  const posting = {
    client,
    terminal: createTerminal(flags),
    flags,
    request: toRequest(flow, line),
  };
  return flags.dryRun === true || flags.graph !== undefined ? check(posting) : send(posting);
}

/** The first word that is neither a flag nor a flag's value, and the words without it. */
function findName(words: readonly string[]): { name?: string; rest: readonly string[] } {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (!word.startsWith("-")) {
      return { name: word, rest: [...words.slice(0, index), ...words.slice(index + 1)] };
    }
    if (VALUE_FLAGS.includes(word)) index += 1;
  }
  return { rest: words };
}

function valueOf(words: readonly string[], flag: string): string | undefined {
  const joined = words.find((word) => word.startsWith(`${flag}=`));
  if (joined !== undefined) return joined.slice(flag.length + 1);
  const index = words.indexOf(flag);
  return index < 0 ? undefined : words[index + 1];
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

async function findFlow(client: Client, name: string): Promise<FlowView> {
  const { items, problems } = await client.get<FlowsView>("/v1/flows");
  const found = items.find((flow) => flow.name === name);
  if (found !== undefined) return found;
  const meant = nearest(
    name,
    items.map((flow) => flow.name),
  );
  const count = problems.length;
  const broken =
    count === 0 ? "" : `; ${count} ${count === 1 ? "file" : "files"} could not be loaded`;
  throw new JobrunnerError("UNKNOWN_FLOW", `there is no flow "${name}" on ${client.agent}`, {
    hint: `${meant === undefined ? "" : `did you mean ${meant}?   `}see jobrunner flows${broken}`,
  });
}

function toRequest(flow: FlowView, line: PostingLine): PostRequest {
  const { jobName, priority, at, require } = line.flags;
  return {
    flow: flow.name,
    params: paramsOf(flow, line),
    ...(jobName === undefined ? {} : { name: jobName }),
    ...(priority === undefined ? {} : { priority }),
    ...(at === undefined ? {} : { runAt: readTime(at) }),
    ...(require === undefined ? {} : { require }),
  };
}

function paramsOf(flow: FlowView, { parameters, given }: PostingLine): Store {
  try {
    return readParameters(parameters, given);
  } catch (error) {
    if (!hasCode(error, "USAGE")) throw error;
    throw new JobrunnerError("USAGE", error.message, { hint: seeHelp(flow.name), cause: error });
  }
}

function seeHelp(flow: string): string {
  return `see jobrunner post ${flow} --help`;
}

function readTime(text: string): string {
  const delay = text.startsWith("+") ? parseDuration(text.slice(1)) : undefined;
  const at = delay === undefined ? Date.parse(text) : Date.now() + delay;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new JobrunnerError("USAGE", `--at: "${text}" is not a time`, {
    hint: "Write it as 2027-01-31T18:00:00Z, or as +10m from now.",
  });
}

async function check({ client, terminal, flags, request }: Posting): Promise<number> {
  const { body } = await named(client.post<CheckView>("/v1/jobs:check", request), request.flow);
  const { graph } = flags;
  await printData(terminal, flags.output, {
    view: body,
    names: [body.flow],
    table: (style) =>
      graph === undefined ? checkText(style, body) : renderGraph(style, graph, body.tree),
  });
  terminal.say("nothing was posted");
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

async function send(posting: Posting): Promise<number> {
  const { client, terminal, flags, request } = posting;
  const key = flags.key ?? randomUUID();
  const answer = client.post<JobView | RemovedJobView>("/v1/jobs", request, key);
  const { body, replayed } = await named(answer, request.flow);
  if ("removed" in body) {
    terminal.say(`job ${body.id} was posted with this key before; it is ${body.removed}`);
    return EXIT.ok;
  }
  if (replayed) terminal.say("posted before with this key; nothing new was posted");
  if (flags.wait === true || flags.timeout !== undefined) return follow(posting, body);
  await printData(terminal, flags.output, {
    view: body,
    names: [body.id],
    table: (style) => (style.tty ? postedText(body) : renderJobLine(style, body, Date.now())),
  });
  if (terminal.out.tty) {
    terminal.say(`follow it: jobrunner wait ${shortId(body.id)}${viaText(flags.via)}`);
  }
  return EXIT.ok;
}

function postedText({ id, flow, postedVia }: JobView): string {
  return `posted  ${id}  ${flow}  via ${postedVia}`;
}

async function follow({ client, terminal, flags }: Posting, job: JobView): Promise<number> {
  using interrupted = interruption();
  terminal.say(postedText(job));
  const { signal } = interrupted;
  const followed = await followJob({ client, terminal, signal, timeoutMs: flags.timeout }, job.id);
  if (followed.end !== "job") {
    terminal.say(detachedText(followed.end, [job.id], flags.via));
    return followed.code;
  }
  const ended = followed.job;
  await printData(terminal, flags.output, {
    view: ended,
    names: [ended.id],
    table: (style) => (style.tty ? renderJob : renderJobLine)(style, ended, Date.now()),
  });
  const bad = badEndText(ended);
  if (bad !== undefined) {
    terminal.say(`error: ${bad}\nhint:  jobrunner show ${shortId(ended.id)}${viaText(flags.via)}`);
  }
  return followed.code;
}

/** Errors of the agent about a parameter name its place in the body; people know it as a flag. */
async function named<T>(answer: Promise<T>, flow: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!hasCode(error, "BAD_PARAMETERS") || !Array.isArray(error.cause)) throw error;
    const fields = (error.cause as readonly { pointer: string; detail: string }[]).map(
      ({ pointer, detail }) => `${toFlag(pointer)}: ${detail}`,
    );
    const hint = error.hint ?? seeHelp(flow);
    throw new JobrunnerError("BAD_PARAMETERS", fields.join("\n       "), { hint });
  }
}

function toFlag(pointer: string): string {
  const [name = "", ...rest] = pointer.replace(/^\//, "").split("/");
  const flag = name === "" ? "the parameters" : flagOf(name);
  return rest.length === 0 ? flag : `${flag} (at ${rest.join(".")})`;
}
