import type { Logger } from "pino";
import type { Said } from "../../common/log.js";
import { LogBudget } from "../runner/output/budgets.js";
import type { JobLog, LogBook } from "./book.js";

export interface TaskOutputOptions {
  readonly logs: LogBook;
  readonly log: Logger;
}

/** What the atoms of a job write under one ownership: to its log, and to the agent's own. */
export class TaskOutput {
  readonly #options: TaskOutputOptions;
  readonly #job: string;
  readonly #budgets = new Map<string, LogBudget>();
  #log: JobLog | undefined;

  constructor(options: TaskOutputOptions, job: string) {
    this.#options = options;
    this.#job = job;
  }

  /** From now on lines belong to this ownership; no body runs before. */
  begin(token: number): void {
    this.#log = this.#options.logs.begin(this.#job, token);
  }

  take(said: Said): void {
    this.#log?.add(said);
    this.#budgetOf(said.atom).add(said.text);
  }

  /** The ownership is about to end: what was said is stored, if that takes no time. */
  async flush(): Promise<void> {
    for (const budget of this.#budgets.values()) budget.end();
    await this.#log?.flush();
  }

  /** Of the agent's own log, which all jobs share. */
  #budgetOf(atom: string): LogBudget {
    const known = this.#budgets.get(atom);
    if (known !== undefined) return known;
    const fields = { jobId: this.#job, atom };
    const { log } = this.#options;
    const budget = new LogBudget((line) => log.info({ ...fields, line }, "task output"), 1);
    this.#budgets.set(atom, budget);
    return budget;
  }
}
