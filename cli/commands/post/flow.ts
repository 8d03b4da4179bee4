import { hasCode, JobrunnerError } from "../../../common/error.js";
import type { Store } from "../../../common/json.js";
import { nearest } from "../../../common/text/nearest.js";
import type { FlowsView, FlowView } from "../../../common/wire.js";
import type { ScheduledJob } from "../../../common/wire/schedules.js";
import type { Client } from "../../api/client.js";
import { readParameterFile } from "./from-file.js";
import type { Line } from "./flow-command.js";
import { type JobFlags, requiredBy } from "./job-flags.js";
import { flagOf, noSuchParameter, readParameters } from "./parameters.js";
import { startByOf } from "./time.js";

/* A job as the flags of its flow describe it. */

/** Throws UNKNOWN_FLOW with the one that was meant. */
export async function findFlow(client: Client, name: string): Promise<FlowView> {
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

/** `command`: whose help tells the flags of the flow, `post` as a rule. */
export async function toJob(
  flow: FlowView,
  line: Line<JobFlags>,
  command: string,
): Promise<ScheduledJob> {
  const { jobName, priority, uniqueKey, startBy, concurrency } = line.flags;
  return {
    flow: flow.name,
    params: await paramsOf(flow, line, command),
    ...(jobName === undefined ? {} : { name: jobName }),
    ...(priority === undefined ? {} : { priority }),
    ...requiredBy(line.flags),
    ...(uniqueKey === undefined ? {} : { uniqueKey }),
    ...(startBy === undefined ? {} : { startBy: startByOf(startBy) }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

async function paramsOf(
  flow: FlowView,
  { parameters, given, flags: { fromFile } }: Line<JobFlags>,
  command: string,
): Promise<Store> {
  const base = fromFile === undefined ? {} : await readParameterFile(fromFile);
  const names = parameters.map(({ property }) => property);
  const unknown = Object.keys(base).find((name) => !names.includes(name));
  if (unknown !== undefined) throw noSuchParameter(flow.name, ["--from-file", unknown], names);
  try {
    return readParameters(parameters, given, base);
  } catch (error) {
    if (!hasCode(error, "USAGE")) throw error;
    throw new JobrunnerError("USAGE", error.message, {
      hint: seeHelp(`${command} ${flow.name}`),
      cause: error,
    });
  }
}

function seeHelp(command: string): string {
  return `see jobrunner ${command} --help`;
}

/** Errors of the agent about a parameter name its place in the body; people know it as a flag. */
export async function namedByFlags<T>(answer: Promise<T>, flow: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!hasCode(error, "BAD_PARAMETERS") || !Array.isArray(error.cause)) throw error;
    const fields = (error.cause as readonly { pointer: string; detail: string }[]).map(
      ({ pointer, detail }) => `${toFlag(pointer)}: ${detail}`,
    );
    const hint = error.hint ?? seeHelp(`post ${flow}`);
    throw new JobrunnerError("BAD_PARAMETERS", fields.join("\n       "), { hint });
  }
}

function toFlag(pointer: string): string {
  const [name = "", ...rest] = pointer.replace(/^\//, "").split("/");
  const flag = name === "" ? "the parameters" : flagOf(name);
  return rest.length === 0 ? flag : `${flag} (at ${rest.join(".")})`;
}
