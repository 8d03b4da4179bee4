import { JobrunnerError } from "../../common/error.js";
import { isWholeId } from "../../common/job.js";
import type { Persistence } from "../../persistence/persistence.js";

const PART_OF_ID = /^[0-9a-f-]{4,36}$/;
const CANDIDATES_SHOWN = 5;

/**
 * The job's id of a full id, or of its beginning or end if no other job shares it.
 * Throws USAGE for a text that cannot be one or is ambiguous, NOT_FOUND when no job has it.
 */
export async function resolveId(
  persistence: Pick<Persistence, "matchIds">,
  text: string,
): Promise<string> {
  const part = text.toLowerCase();
  if (isWholeId(part)) return part;
  if (!PART_OF_ID.test(part)) {
    throw new JobrunnerError("USAGE", "this is not a job's id", {
      hint: "Give the full id, or at least 4 characters of its beginning or end.",
    });
  }
  const ids = await persistence.matchIds(part, CANDIDATES_SHOWN + 1);
  const [only] = ids;
  if (only === undefined) throw noSuchJob(part);
  if (ids.length > 1) throw ambiguous(part, ids);
  return only;
}

export function noSuchJob(id: string): JobrunnerError {
  return new JobrunnerError("NOT_FOUND", `no job ${id}`, {
    hint: "List the jobs: jobrunner show --all",
  });
}

function ambiguous(part: string, ids: readonly string[]): JobrunnerError {
  const shown = ids.slice(0, CANDIDATES_SHOWN).join(", ");
  const more = ids.length > CANDIDATES_SHOWN ? ", ..." : "";
  return new JobrunnerError("USAGE", `"${part}" fits several jobs: ${shown}${more}`, {
    hint: "Give more of the id; its end differs most.",
  });
}
