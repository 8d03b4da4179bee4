import { type Clause, formatClause, type Needs, parseSignature, PROTOCOL } from "../common/job.js";

/** Whether this agent is able to run the jobs of a signature, or the reason why not. */
export type Match = { readonly able: true } | { readonly able: false; readonly why: string };

export interface MatcherOptions {
  /** Versions of the flows that are loaded here, by name: the present one first. */
  flows(): ReadonlyMap<string, readonly number[]>;
  /** Evaluates clauses in the order written; the first that does not hold decides (D9). */
  evaluate(clauses: readonly Clause[]): Promise<Match>;
  /** True for a clause that two jobs on one machine cannot both have, such as a port. */
  exclusive(clause: Clause): boolean;
}

/**
 * Decides which waiting jobs this agent may take. What a claimed job needs for itself alone is held
 * here from the claim on: its capability says "free" until the task has really taken it.
 */
export class Matcher {
  readonly #options: MatcherOptions;
  readonly #held = new Map<string, number>();

  constructor(options: MatcherOptions) {
    this.#options = options;
  }

  async match(signature: string): Promise<Match> {
    const needs = parseSignature(signature);
    if (needs === undefined) return no("the board entry cannot be read");
    const known = this.#known(needs);
    if (known !== undefined) return no(known);
    const taken = this.#exclusive(needs).find((text) => this.#held.has(text));
    if (taken !== undefined) return no(`${taken}: another job here holds it`);
    return this.#options.evaluate(needs.clauses);
  }

  /** False when a job that runs here holds what this one needs for itself alone. */
  free(signature: string): boolean {
    const needs = parseSignature(signature);
    return needs !== undefined && !this.#exclusive(needs).some((text) => this.#held.has(text));
  }

  /** Holds what the claimed job needs for itself alone; the answer gives it back. */
  hold(signature: string): () => void {
    const needs = parseSignature(signature);
    const texts = needs === undefined ? [] : this.#exclusive(needs);
    for (const text of texts) this.#held.set(text, (this.#held.get(text) ?? 0) + 1);
    return () => {
      for (const text of texts) {
        const left = (this.#held.get(text) ?? 1) - 1;
        if (left === 0) this.#held.delete(text);
        else this.#held.set(text, left);
      }
    };
  }

  #exclusive(needs: Needs): readonly string[] {
    return needs.clauses.filter((each) => this.#options.exclusive(each)).map(formatClause);
  }

  /** Why the flow of such a job cannot run here, whatever the machine. */
  #known({ protocol, flow, version }: Needs): string | undefined {
    if (protocol > PROTOCOL) return `the job speaks protocol ${protocol}`;
    const here = this.#options.flows().get(flow);
    if (here === undefined) return `no flow ${flow} is loaded here`;
    if (here.includes(version)) return undefined;
    return `flow ${flow} is version ${String(here[0])} here, not ${version}`;
  }
}

function no(why: string): Match {
  return { able: false, why };
}
