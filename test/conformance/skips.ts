import type { Vector } from "./vector.js";

/** What the engine does differently on purpose; the vectors that show it are not compared. */
const QUIRKS: Readonly<Record<string, string>> = {
  "stale-failures": "failures of attempts that succeeded later are forgotten",
  "torn-step": "a step over several atoms is one entry: no crash can tear it",
  "decider-stall": "work that a decider's no leaves behind is looked at again",
  "reverts-pending": "what never ran is not reverted",
};

const STUCK = "stuck-running";

/** All classes of vectors that are left out: docs/taskflow-differences.md explains each. */
export const SKIP_CLASSES: readonly string[] = [...Object.keys(QUIRKS), STUCK];

/** Why a vector is left out, or undefined when it counts. */
export function skipReason(vector: Vector): string | undefined {
  const quirk = vector.quirks?.find((name) => Object.hasOwn(QUIRKS, name));
  if (quirk !== undefined) return `${quirk}: ${QUIRKS[quirk] ?? ""}`;
  return stuck(vector)
    ? `${STUCK}: an argument without a value is a failure of its task`
    : undefined;
}

/** A flow that ended while an atom is RUNNING because an argument could not be fetched. */
function stuck({ expected }: Vector): boolean {
  return expected.phases.some((phase) => {
    if (phase["outcome"] === "crashed") return false;
    const atoms = (phase["atoms"] ?? {}) as Readonly<Record<string, { state?: string }>>;
    return Object.values(atoms).some((atom) => atom.state === "RUNNING");
  });
}
