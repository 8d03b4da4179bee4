import type { Evaluator } from "../../capabilities/evaluate.js";
import { type Clause, formatClause } from "../../common/job.js";
import type { DutyState, RequirementView } from "../../common/wire.js";
import type { Duty } from "../duty/duty.js";
import type { Tell } from "../events/telling/told.js";
import type { Runners } from "../runner/runner.js";
import type { Sweep } from "../sweep.js";
import type { InTime } from "./in-time.js";
import { toRequirement } from "./match.js";

export interface ReadinessParts {
  /** Aborts when the agent leaves. */
  readonly leaving: AbortSignal;
  readonly duty: Pick<Duty, "state">;
  readonly sweep: Pick<Sweep, "persistenceOk" | "boardId" | "disagreement">;
  readonly runners: Pick<Runners, "trouble">;
  readonly abilities: Evaluator;
  /** What must be so for the agent to take any job: its owner's wish. */
  onlyWhen(): readonly Clause[];
  readonly tell: Tell;
}

/** Whether this agent takes jobs at all, whatever the job. What runs already goes on. */
export class Readiness {
  readonly #parts: ReadinessParts;
  #paused: string | undefined;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /** For people: without asking, so `paused` is as it was last; the conductor asks often. */
  known(): { readonly state: DutyState | "paused"; readonly note?: string } {
    const { state } = this.#parts.duty;
    if (state !== "ready" || this.#paused === undefined) return { state };
    return { state: "paused", note: this.#paused };
  }

  /** Why it claims nothing now; undefined when it claims. Never rejects. */
  async obstacle(): Promise<string | undefined> {
    const answer = await this.#parts.abilities.evaluate(this.#parts.onlyWhen());
    const { state: before } = this.known();
    this.#paused = answer.able ? undefined : `only when ${answer.reason}`;
    const { state: to, note } = this.known();
    const reason = note === undefined ? {} : { reason: note };
    if (to !== before) this.#parts.tell({ type: "agent.state", from: before, to, ...reason });
    return this.#state() ?? this.#paused;
  }

  /** The same for people: every wish of its owner is asked, whatever the others say. */
  async explain(within: InTime): Promise<readonly RequirementView[]> {
    const { abilities } = this.#parts;
    const onlyWhen = this.#parts.onlyWhen();
    const observed = this.#state();
    const claims: RequirementView =
      observed === undefined
        ? { what: "takes jobs", verdict: "yes" }
        : { what: "takes jobs", verdict: "no", observed };
    const wishes = onlyWhen.map(async (clause) => ({
      ...toRequirement(clause, await within(abilities.verdict(clause))),
      what: `only when ${formatClause(clause)}`,
    }));
    return [claims, ...(await Promise.all(wishes))];
  }

  #state(): string | undefined {
    const { leaving, duty, sweep, runners } = this.#parts;
    if (leaving.aborted) return "it is leaving";
    if (duty.state !== "ready") return `it is ${duty.state}`;
    if (!sweep.persistenceOk) return "the database does not answer, or not to this version";
    if (runners.trouble !== undefined) return "it cannot start a runner for flow code";
    if (sweep.boardId !== undefined) return undefined;
    return sweep.disagreement ?? "it has not agreed on the board yet";
  }
}
