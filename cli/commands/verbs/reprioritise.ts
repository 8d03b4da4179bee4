import { InvalidArgumentError } from "commander";
import { JobrunnerError } from "../../../common/error.js";
import type { JobView } from "../../../common/wire.js";
import type { ReprioritiseRequest } from "../../../common/wire/verbs.js";
import { readWhole } from "../../options.js";
import { eachJob, type EachOptions, tell } from "./each.js";

const readPriority = readWhole(-100, 100);

/** `jobrunner reprioritise JOB... PRIORITY`. */
export async function reprioritise(
  words: readonly string[],
  options: EachOptions,
): Promise<number> {
  const jobs = words.slice(0, -1);
  const priority = toPriority(words.at(-1) ?? "");
  if (jobs.length === 0) {
    throw new JobrunnerError("USAGE", "which job gets that priority?", {
      hint: "Write jobrunner reprioritise JOB... PRIORITY.",
    });
  }
  const body: ReprioritiseRequest = { priority };
  return eachJob(jobs, options, async (telling, path) => {
    const { body: job } = await telling.client.post<JobView>(`${path}/reprioritise`, body);
    await tell(telling, job, `has priority ${job.priority} now`);
  });
}

function toPriority(text: string): number {
  try {
    return readPriority(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new JobrunnerError("USAGE", `"${text}" is no priority`, {
      hint: `${error.message} It is the last word: jobrunner reprioritise JOB... PRIORITY.`,
    });
  }
}
