import type { JobView } from "../../../common/wire.js";
import type { Ownership } from "../../../persistence/persistence.js";
import type { TellingOptions } from "../options.js";
import { noSuchJob } from "../resolve.js";
import { toJobView } from "../views.js";

/** The job as it is now, with the agent that owns it or owned it last. */
export async function viewOf({ persistence }: TellingOptions, id: string): Promise<JobView> {
  const row = await persistence.job(id);
  if (row === undefined) throw noSuchJob(id);
  const agent = ownersAmong(await persistence.ownerships(id)).at(-1)?.agent;
  return toJobView(agent === undefined ? row : { ...row, agent }, await persistence.now());
}

/** Whoever posted a job and wrote what it keeps of another one was no owner (P-39). */
export function ownersAmong(ownerships: readonly Ownership[]): readonly Ownership[] {
  return ownerships.filter(({ ended }) => ended !== "kept");
}
