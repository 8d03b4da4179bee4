import type { JobBodies, Runners } from "../../agent/runner/runner.js";
import { JobrunnerError } from "../../common/error.js";
import type { Persistence } from "../../persistence/persistence.js";

export const FLOW = "steps";
/** How long a body takes at most, ms. */
const BODY_MS_MAX = 40;

/** Runners whose bodies take a few milliseconds and tell that they ran. */
export function slowRunners(
  persistence: Persistence,
  ran: (job: string, atom: string) => void,
): Runners {
  const refuse = (): Promise<never> => Promise.reject(new JobrunnerError("INTERNAL", "not used"));
  const info = {
    name: FLOW,
    version: 1,
    migrates: [],
    summary: "Three steps",
    schema: {},
    file: "",
  };
  return {
    trouble: undefined,
    manifest: () => Promise.resolve({ flows: [info], capabilities: [], problems: [] }),
    prepare: refuse,
    able: refuse,
    mistake: refuse,
    beat: () => undefined,
    open: async ({ job }): Promise<JobBodies> => {
      const row = await persistence.job(job);
      if (row === undefined) throw new Error(`${job} is gone`);
      return {
        spec: row.spec,
        runner: "slow",
        execute: async ({ atom }) => {
          ran(job, atom);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * BODY_MS_MAX));
          return atom;
        },
        revert: refuse,
        retryExecute: refuse,
        retryRevert: refuse,
        onFailure: refuse,
        decide: refuse,
        kill: () => Promise.resolve(),
        close: () => Promise.resolve(),
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
