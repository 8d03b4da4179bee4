import type { Failure } from "../failure.js";
import type { JobState } from "../job.js";
import type { JobView } from "../wire.js";

/** What a hook is told, as JSON: the body of a request, or the standard input of a command. */
export interface HookBody {
  /** The same for each try: who has seen it before need not act again. */
  readonly delivery: string;
  /** What the job became, which is why the hook is called. */
  readonly state: JobState;
  /** When it became that, RFC 3339. */
  readonly at: string;
  /** The agent that calls. */
  readonly agent: string;
  /** As it is when the hook is called: one that was suspended may have gone on since. */
  readonly job: JobView;
  /** Those that made the flow revert, or that could not be reverted. */
  readonly failures: readonly { readonly atom: string; readonly failure: Failure }[];
}
