import { randomUUID } from "node:crypto";
import { hasCode, JobrunnerError } from "../../../common/error.js";
import type { Store } from "../../../common/json.js";
import type { FlowView, JobDetailView, JobView, RemovedJobView } from "../../../common/wire.js";
import type { RetryRequest } from "../../../common/wire/verbs.js";
import type { Client } from "../../api/client.js";
import { viaText } from "../follow.js";
import { noSuchParameter, parametersOf, readParameters } from "../post/parameters.js";
import { shortId } from "../../screen/job-list.js";
import { eachJob, type EachOptions, tell, type Telling } from "./each.js";

export interface RetryOptions extends EachOptions {
  readonly from?: string;
  /** Parameters that get other values, as typed. */
  readonly resetStore?: Readonly<Record<string, string>>;
  readonly key?: string;
}

/** `jobrunner retry JOB...`: a new job for each. Returns the exit code. */
export async function retry(jobs: readonly string[], options: RetryOptions): Promise<number> {
  const { key, via } = options;
  if (key !== undefined && jobs.length > 1) {
    throw new JobrunnerError("USAGE", "--key is for one job", {
      hint: "Retry the others without it, or each with a key of its own.",
    });
  }
  return eachJob(jobs, options, async (telling, path) => {
    const body = await toRequest(telling.client, path, options);
    // One key for whichever agent is tried, or failing over would post twice (P-38).
    const answer = await telling.client.post<JobView | RemovedJobView>(
      `${path}/retry`,
      body,
      key ?? randomUUID(),
    );
    await tellRetried(telling, answer, via);
  });
}

async function tellRetried(
  telling: Telling,
  { body, replayed }: { readonly body: JobView | RemovedJobView; readonly replayed: boolean },
  via: string | undefined,
): Promise<void> {
  if ("removed" in body) {
    telling.terminal.say(`job ${body.id} was posted with this key before; it is ${body.removed}`);
    return;
  }
  const again = replayed ? "retried before with this key. " : "";
  await tell(telling, body, `${again}Follow it: jobrunner wait ${shortId(body.id)}${viaText(via)}`);
}

async function toRequest(
  client: Client,
  path: string,
  { from, resetStore }: RetryOptions,
): Promise<RetryRequest> {
  const params = resetStore === undefined ? {} : await readReset(client, path, resetStore);
  return { ...(from === undefined ? {} : { from }), params };
}

/** As the flow's schema asks for them, like the flags of `post`. */
async function readReset(
  client: Client,
  path: string,
  given: Readonly<Record<string, string>>,
): Promise<Store> {
  const { flow } = await client.get<JobDetailView>(path);
  const { schema } = await schemaOf(client, flow);
  const parameters = parametersOf(schema).map((parameter) => ({
    ...parameter,
    flag: `--reset-store ${parameter.property}`,
  }));
  const names = parameters.map(({ property }) => property);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw noSuchParameter(flow, ["--reset-store", unknown], names);
  const wanted = parameters.filter(({ property }) => Object.hasOwn(given, property));
  return readParameters(wanted, new Map(Object.entries(given)));
}

async function schemaOf(client: Client, flow: string): Promise<FlowView> {
  try {
    return await client.get<FlowView>(`/v1/flows/${flow}`);
  } catch (error) {
    if (!hasCode(error, "UNKNOWN_FLOW")) throw error;
    throw new JobrunnerError("UNKNOWN_FLOW", `${client.agent} has no flow "${flow}" any more`, {
      hint: "Ask an agent that has it, with --via.",
    });
  }
}
