import { jobStateAfter } from "../../agent/owner/ownership.js";
import { isEnded } from "../../common/job.js";
import type { FlowSpec } from "../../engine/flow.js";
import type { Committer } from "../../persistence/committer.js";
import type { Persistence } from "../../persistence/persistence.js";
import { appendOf, newJob, raiseOf } from "../contracts/samples.js";
import type { Journal } from "./crash-world.js";

/** The journal of a job of its own in real persistence, written through a committer. */
export function storedJournal(
  persistence: Persistence,
  committer: Committer,
  spec: FlowSpec,
): Journal & { readonly job: string } {
  const job = newJob({ spec });
  let posted: Promise<unknown> | undefined;
  return {
    job: job.id,
    begin: async () => {
      await (posted ??= persistence.post(job));
      const row = await persistence.job(job.id);
      if (row === undefined) throw new Error("the job is gone");
      const seen = row.token;
      if (isEnded(row.state)) {
        // Nobody owns it any more: its end is read, and nothing is written (P-10).
        const refuse = (): Promise<never> => Promise.reject(new Error("the job is over"));
        return { token: seen, entries: await persistence.load(job.id), append: refuse };
      }
      const raise = raiseOf(job.id, seen);
      const token = await persistence.raise(raise);
      if (token === undefined) throw new Error("the job could not be raised");
      const owner = { id: job.id, token, owner: raise.owner };
      return {
        token,
        entries: await persistence.load(job.id),
        append: async (seq, changes) => {
          const state = jobStateAfter(changes);
          const more = state === undefined || state === "SUSPENDED" ? {} : { state };
          const { accepted } = await committer.append(appendOf(owner, seq, { changes, ...more }));
          if (!accepted) throw new Error(`entry ${seq} was refused`);
        },
      };
    },
  };
}
