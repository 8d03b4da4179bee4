import type { GcRequest, GcView } from "../../../common/wire/verbs.js";
import { createClient } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { createTerminal } from "../../terminal.js";
import { eachJob, type EachOptions } from "./each.js";

/** `jobrunner delete JOB...`: jobs that are over, with their journals. */
export async function deleteJobs(jobs: readonly string[], options: EachOptions): Promise<number> {
  return eachJob(jobs, options, async ({ client, terminal }, path) => {
    const { id } = await client.get<{ readonly id: string }>(path); // It is there.
    await client.delete(path);
    const { output, quiet } = options;
    await printData(terminal, output, {
      view: { deleted: id },
      names: [id],
      table: () => (quiet === true ? id : `deleted  ${id}`),
    });
  });
}

export interface GcOptions extends CommonOptions {
  readonly quiet?: boolean;
  /** As typed. */
  readonly olderThan: string;
  readonly state?: string;
}

/** `jobrunner gc --older-than 30d`: all jobs that have been over for so long. */
export async function gc(options: GcOptions): Promise<number> {
  const { olderThan, state, output, quiet } = options;
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const request: GcRequest = {
    olderThan,
    ...(state !== undefined && { states: state.split(",") }),
  };
  let removed = 0;
  for (let more = true; more;) {
    const { body } = await client.post<GcView>("/v1/jobs:gc", request);
    removed += body.removed;
    ({ more } = body);
    if (more && quiet !== true) terminal.sketch(`${removed} removed so far`);
  }
  const text = quiet === true ? "" : `${removed} ${removed === 1 ? "job" : "jobs"} removed`;
  await printData(terminal, output, { view: { removed }, names: [], table: () => text });
  return EXIT.ok;
}
