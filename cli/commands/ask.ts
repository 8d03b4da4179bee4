import type { CancelRequest, JobVerb, JobView } from "../../common/wire.js";
import { shortId } from "../screen/job-list.js";
import { viaText } from "./follow.js";
import { eachJob, type EachOptions, tell } from "./verbs/each.js";

export interface AskOptions extends EachOptions {
  /** `cancel` alone: false with `--no-revert`. */
  readonly revert?: boolean;
  /** `cancel` alone: why. */
  readonly reason?: string;
}

/**
 * `jobrunner cancel | suspend | resume JOB...`: each job is asked, whatever became of the others.
 * Returns the exit code of the first that could not be.
 */
export async function ask(
  verb: JobVerb,
  jobs: readonly string[],
  options: AskOptions,
): Promise<number> {
  const { revert, reason } = options;
  const body: CancelRequest = {
    ...(revert === false && { revert }),
    ...(reason !== undefined && { reason }),
  };
  return eachJob(jobs, options, async (telling, path) => {
    const { body: job } = await telling.client.post<JobView>(`${path}/${verb}`, body);
    await tell(telling, job, nextText(verb, job, options.via));
  });
}

/** What has become of it, and what to do next. */
function nextText(verb: JobVerb, job: JobView, via: string | undefined): string {
  const id = shortId(job.id) + viaText(via);
  switch (verb) {
    case "cancel": {
      if (job.state === "CANCELLED") return `job ${shortId(job.id)} is cancelled`;
      const how = job.request === "cancel-no-revert" ? "stops it" : "reverts what ran";
      return `cancel asked for: ${ownerOf(job)} ${how}. Follow it: jobrunner wait ${id}`;
    }
    case "suspend":
      if (job.state === "SUSPENDED") return `suspended. Go on: jobrunner resume ${id}`;
      return `suspend asked for: ${ownerOf(job)} lets what runs end. Follow it: jobrunner wait ${id}`;
    case "resume":
      return `resumed: it goes on where it was. Follow it: jobrunner wait ${id}`;
  }
}

/** Whom it waits for: the owner there was may be gone. */
function ownerOf({ agent, state }: JobView): string {
  return agent === undefined || state === "WAITING"
    ? "the next owner"
    : `${agent}, or its next owner,`;
}
