import { hasCode } from "../../common/error.js";
import type { StateReason } from "../../common/job.js";
import { differences } from "../../engine/migration/differences.js";
import { refusals } from "../../engine/migration/refusals.js";
import { compile, validate } from "../../engine/plan.js";
import type { JobRow } from "../../persistence/persistence.js";
import { flowHash } from "../flow-hash.js";
import type { FlowMove, JobBodies } from "../runner/runner.js";
import type { JobOwnership } from "./ownership.js";

/** Lines of a reason that are stored; whoever wants more compares the files. */
const DETAILS_MAX = 20;

/** A job whose flow is of the same version and yet built in another way is never resumed. */
export function changed({ needs, spec }: JobRow, here: JobBodies["spec"]): StateReason {
  const { flow, version } = needs;
  return refusal(
    `flow ${flow} version ${version} is not built the way it was when the job was posted: ` +
      "bring that back, or raise the version and say how jobs migrate",
    differences(spec, here),
  );
}

/**
 * Lets a job of an older version go on in the present one, or says why that must not be. What is
 * written is written at once and fenced like any entry: spec, hash, version, parameters, and the
 * entry that carries the renaming. Whoever owns the job next finds all of it, or nothing.
 */
export async function migrate(
  row: JobRow,
  ownership: JobOwnership,
  { spec }: JobBodies,
  move: FlowMove,
): Promise<StateReason | undefined> {
  const { flow, version } = row.needs;
  const problems = problemsOf(row, ownership, { spec, move });
  if (problems.length > 0) {
    const message = `the job cannot go on in version ${move.version} of flow ${flow}, it is of version ${version}`;
    return refusal(message, problems);
  }
  const { params, renamed } = move;
  const needs = { ...row.needs, version: move.version };
  await ownership.append([{ change: "migrated", from: version, to: move.version, renamed }], {
    flow: { needs, spec, flowHash: flowHash(spec), params },
  });
  return undefined;
}

interface Target {
  readonly spec: JobBodies["spec"];
  readonly move: FlowMove;
}

function problemsOf(
  row: JobRow,
  { entries }: JobOwnership,
  { spec, move }: Target,
): readonly string[] {
  try {
    validate(compile(spec), Object.keys(move.params));
    return refusals({ before: row.spec, after: spec, entries, renamed: move.renamed });
  } catch (error) {
    if (hasCode(error, "BAD_FLOW")) return [error.message];
    throw error;
  }
}

function refusal(message: string, lines: readonly string[]): StateReason {
  const rest = lines.length - DETAILS_MAX;
  const details = rest > 0 ? [...lines.slice(0, DETAILS_MAX), `and ${rest} more`] : lines;
  return { code: "FLOW_CHANGED", message, details };
}
