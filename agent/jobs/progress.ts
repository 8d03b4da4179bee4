import type { ProgressView } from "../../common/wire.js";

/**
 * The last word of each running body about how far it is, for people who ask this agent. Never
 * stored: the next owner begins without.
 */
export class ProgressBook {
  readonly #jobs = new Map<string, Map<string, ProgressView>>();

  /** `at`: database time, as the times of the journal, ms since 1970. */
  note(job: string, atom: string, said: { fraction: number; note?: string; at: number }): void {
    const atoms = this.#jobs.get(job) ?? new Map<string, ProgressView>();
    this.#jobs.set(job, atoms);
    atoms.set(atom, { ...said, at: new Date(said.at).toISOString() });
  }

  /** By atom; empty for jobs that do not run here. */
  of(job: string): ReadonlyMap<string, ProgressView> {
    return this.#jobs.get(job) ?? new Map<string, ProgressView>();
  }

  /** The job runs here no more. */
  forget(job: string): void {
    this.#jobs.delete(job);
  }
}
