import { JobrunnerError } from "../../../common/error.js";
import type { JobDetailView, JobView, OwnerView } from "../../../common/wire.js";
import type { ReleaseRequest } from "../../../common/wire/verbs.js";
import { confirm } from "../../confirm.js";
import { viaText } from "../follow.js";
import { shortId } from "../../screen/job-list.js";
import { clean } from "../../screen/text.js";
import { eachJob, type EachOptions, tell, type Telling } from "./each.js";

export interface ReleaseOptions extends EachOptions {
  readonly reason?: string;
  /** Nobody is asked whether it is meant so. */
  readonly yes?: boolean;
}

/** `jobrunner release JOB...`: takes jobs from owners that are dead or hang. */
export async function release(jobs: readonly string[], options: ReleaseOptions): Promise<number> {
  const { reason, yes, via } = options;
  return eachJob(jobs, options, async (telling, path) => {
    const seen = await telling.client.get<JobDetailView>(path);
    const owner = ownerOf(seen);
    if (owner !== undefined && yes !== true) await ask(telling, seen, owner);
    const body: ReleaseRequest = {
      ...(owner !== undefined && { token: owner.token }),
      ...(reason !== undefined && { reason }),
    };
    const { body: job } = await telling.client.post<JobView>(`${path}/release`, body);
    const text = `taken from ${clean(owner?.agent ?? "its owner")}: any able agent goes on.`;
    await tell(telling, job, `${text} Follow it: jobrunner wait ${shortId(job.id)}${viaText(via)}`);
  });
}

/** Who works on it, or did when it was heard of last. */
function ownerOf({ owners }: JobDetailView): OwnerView | undefined {
  const last = owners.at(-1);
  return last?.ended === undefined || last.ended === "silent" ? last : undefined;
}

async function ask(
  { terminal }: Telling,
  { id, flow }: JobDetailView,
  { agent }: OwnerView,
): Promise<void> {
  const job = `job ${shortId(id)} (${clean(flow)})`;
  const sure = await confirm(
    `${clean(agent)} owns ${job}. What it runs there may go on for a moment while another agent ` +
      "starts it again. Take it?",
  );
  if (sure) return;
  terminal.clear();
  throw new JobrunnerError("USAGE", `${job} was left to ${clean(agent)}`, {
    hint: "--yes takes it without a question, which needs a terminal.",
  });
}
