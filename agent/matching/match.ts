import type { Registry, Verdict } from "../../capabilities/capability.js";
import type { Answer, Evaluator } from "../../capabilities/evaluate.js";
import {
  type Clause,
  formatClause,
  type Needs,
  parseSignature,
  PROTOCOL,
} from "../../common/job.js";
import type { RequirementView } from "../../common/wire.js";
import type { InTime } from "./in-time.js";
import type { Ledger } from "./ledger.js";

/** Whether this agent is able to run the jobs of a signature, or the reason why not. */
export type Match = { readonly able: true } | { readonly able: false; readonly why: string };

export interface MatcherOptions {
  /** Versions of the flows that are loaded here, by name: the present one first. */
  flows(): ReadonlyMap<string, readonly number[]>;
  readonly abilities: Registry & Evaluator;
  readonly ledger: Ledger;
}

/**
 * Decides which waiting jobs this agent may take. What a claimed job needs for itself alone is held
 * in the ledger from before the claim on: its capability says "free" until the task has really
 * taken it.
 */
export class Matcher {
  readonly #options: MatcherOptions;

  constructor(options: MatcherOptions) {
    this.#options = options;
  }

  async match(signature: string): Promise<Match> {
    const { abilities } = this.#options;
    const match = await this.#match(signature, (clauses) => abilities.evaluate(clauses));
    return match ?? no("it was not asked");
  }

  /** The same at once, or undefined when something has to be asked that may take a while. */
  atHand(signature: string): Promise<Match | undefined> {
    const { abilities } = this.#options;
    return this.#match(signature, (clauses) => abilities.atHand(clauses));
  }

  async #match(
    signature: string,
    ask: (clauses: readonly Clause[]) => Promise<Answer | undefined>,
  ): Promise<Match | undefined> {
    const needs = parseSignature(signature);
    if (needs === undefined) return no("the board entry cannot be read");
    for (const { verdict, observed } of this.#known(needs)) {
      if (verdict !== "yes") return no(observed ?? "");
    }
    const taken = this.#exclusive(needs).find((key) => this.#heldHere(key));
    if (taken !== undefined) return no(`${taken}: another job here holds it`);
    const answer = await ask(needs.clauses);
    return answer?.able === false ? no(answer.reason) : answer;
  }

  /** Everything the jobs of these needs ask of an agent, and whether it is so here. */
  async explain(needs: Needs, within: InTime): Promise<readonly RequirementView[]> {
    const clauses = needs.clauses.map((clause) => this.judge(clause, within));
    return [...this.#known(needs), ...(await Promise.all(clauses))];
  }

  /** One thing that jobs may ask of it. */
  async judge(clause: Clause, within: InTime): Promise<RequirementView> {
    return toRequirement(clause, await within(this.#withHolder(clause)));
  }

  /** False when a job that runs here holds what this one needs for itself alone. */
  free(signature: string): boolean {
    return !this.#keysOf(signature).some((key) => this.#heldHere(key));
  }

  /**
   * Holds, for this job, what it needs for itself alone; the answer gives it back. Undefined when
   * a job of any agent on this machine holds it.
   */
  hold(signature: string, job: string): Promise<(() => void) | undefined> {
    return this.#options.ledger.hold(this.#keysOf(signature), job);
  }

  #keysOf(signature: string): readonly string[] {
    const needs = parseSignature(signature);
    return needs === undefined ? [] : this.#exclusive(needs);
  }

  #exclusive(needs: Needs): readonly string[] {
    return needs.clauses.filter((each) => this.#isExclusive(each)).map(formatClause);
  }

  #isExclusive(clause: Clause): boolean {
    return this.#options.abilities.get(clause.name)?.exclusive === true;
  }

  #heldHere(key: string): boolean {
    return this.#options.ledger.heldHere(key) !== undefined;
  }

  /** Free, but held for a job whose task has not taken it yet; or taken, and by which job. */
  async #withHolder(clause: Clause): Promise<Verdict> {
    const verdict = await this.#options.abilities.verdict(clause);
    if (!this.#isExclusive(clause) || "unknown" in verdict) return verdict;
    const holder = await this.#options.ledger.holder(formatClause(clause));
    if (holder === undefined) return verdict;
    const { observed, needed } = verdict.able
      ? { observed: "held", needed: "nobody holding it" }
      : verdict;
    return { able: false, observed: `${observed} (${holder})`, needed };
  }

  /** What a job needs of the agent itself, whatever the machine. */
  #known({ protocol, flow, version }: Needs): readonly RequirementView[] {
    const here = this.#options.flows().get(flow);
    const what = `flow ${flow} v${version}`;
    const missing = here === undefined ? `no flow ${flow} is loaded here` : undefined;
    const other = `flow ${flow} is version ${String(here?.[0])} here, not ${version}`;
    const old = protocol > PROTOCOL;
    return [
      ...(old ? [failed(`protocol ${protocol}`, `the job speaks protocol ${protocol}`)] : []),
      here?.includes(version) ? { what, verdict: "yes" } : failed(what, missing ?? other),
    ];
  }
}

function failed(what: string, observed: string): RequirementView {
  return { what, verdict: "no", observed, needed: what };
}

export function toRequirement(clause: Clause, verdict: Verdict): RequirementView {
  const what = formatClause(clause);
  if ("unknown" in verdict) return { what, verdict: "unknown", observed: verdict.unknown };
  if (verdict.able) return { what, verdict: "yes" };
  const { observed, needed, help } = verdict;
  return { what, verdict: "no", observed, needed, ...(help === undefined ? {} : { help }) };
}

function no(why: string): Match {
  return { able: false, why };
}
