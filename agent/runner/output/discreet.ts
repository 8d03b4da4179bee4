import { FailureError, toError } from "../../../common/failure.js";
import { type Redact, redacted } from "../../../common/text/secret.js";
import type { CallHooks } from "../../../engine/bodies.js";
import type { JobBodies } from "../runner.js";

/**
 * The same bodies, whose failures and notes say nothing of the job's secret parameters: before they
 * are written to the journal, from where everybody reads them.
 */
export function discreet(bodies: JobBodies, redact: Redact | undefined): JobBodies {
  if (redact === undefined) return bodies;
  const shy =
    <Call, T>(work: (call: Call, hooks: CallHooks) => Promise<T>) =>
    async (call: Call, hooks: CallHooks): Promise<T> => {
      try {
        return await work(call, quiet(hooks, redact));
      } catch (error) {
        // What is no author's failure is ours, and knows no values.
        throw error instanceof FailureError ? toError(redacted(error.failure, redact)) : error;
      }
    };
  const { runner, spec, move } = bodies;
  return {
    ...{ runner, spec },
    ...(move === undefined ? {} : { move }),
    execute: shy((call, hooks) => bodies.execute(call, hooks)),
    revert: shy((call, hooks) => bodies.revert(call, hooks)),
    retryExecute: shy((call, hooks) => bodies.retryExecute(call, hooks)),
    retryRevert: shy((call, hooks) => bodies.retryRevert(call, hooks)),
    onFailure: shy((call, hooks) => bodies.onFailure(call, hooks)),
    decide: shy((vote, hooks) => bodies.decide(vote, hooks)),
    kill: (atom) => bodies.kill(atom),
    close: () => bodies.close(),
  };
}

function quiet({ signal, saved, progress }: CallHooks, redact: Redact): CallHooks {
  return {
    ...{ signal, saved },
    progress: (fraction, note) => progress(fraction, note === undefined ? undefined : redact(note)),
  };
}
