import type { Failure } from "../../../common/failure.js";
import type { CallInfo } from "../../../engine/bodies.js";
import type { AtomState, Change } from "../../../engine/journal.js";

/** One call of a body. */
export interface TestCall {
  readonly atom: string;
  readonly body: "execute" | "revert";
  /** The state the journal says it led to; LOST when its owner was gone before that was stored. */
  readonly outcome: AtomState | "LOST";
  readonly failure?: Failure;
  /** Name of the agent that owned the job. */
  readonly agent: string;
  readonly attempt: number;
  readonly again: boolean;
  readonly idempotencyKey: string;
}

export interface TestProgress {
  readonly atom: string;
  readonly fraction: number;
  readonly note?: string;
}

type Open = { -readonly [K in keyof TestCall]: TestCall[K] };

const ENDS: readonly AtomState[] = ["SUCCESS", "FAILURE", "REVERTED", "REVERT_FAILURE"];

/** What the bodies of a flow under test did, over all owners. */
export class TestRecord {
  readonly logs: string[] = [];
  readonly progress: TestProgress[] = [];
  /** Why owners died, in words. */
  readonly kills: string[] = [];
  readonly #calls: Open[] = [];

  get calls(): readonly TestCall[] {
    return this.#calls;
  }

  begin(body: TestCall["body"], agent: string, info: CallInfo): void {
    const { atom, attempt, again, idempotencyKey } = info;
    this.#calls.push({ atom, body, outcome: "LOST", agent, attempt, again, idempotencyKey });
  }

  noteProgress(atom: string, fraction: number, note: string | undefined): void {
    this.progress.push({ atom, fraction, ...(note !== undefined && { note: String(note) }) });
  }

  /** What is stored is known; a call of which nothing is ever stored stays LOST. */
  stored(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.change !== "atom" || !ENDS.includes(change.to)) continue;
      const body = change.to === "SUCCESS" || change.to === "FAILURE" ? "execute" : "revert";
      const call = this.#calls.findLast(
        (candidate) => candidate.atom === change.atom && candidate.body === body,
      );
      if (call === undefined || call.outcome !== "LOST") continue; // There was nothing to call.
      call.outcome = change.to;
      if (change.failure !== undefined) call.failure = change.failure;
    }
  }
}
