import type { Failure } from "../common/failure.js";

/** Failures of the present attempts, by atom, in the order in which they came. */
export class Failures {
  readonly #byAtom = new Map<string, Failure>();
  #all: Readonly<Record<string, Failure>> | undefined;

  /** The same object until something changes: every atom that reverts is given all of them. */
  get all(): Readonly<Record<string, Failure>> {
    this.#all ??= Object.freeze(Object.fromEntries(this.#byAtom));
    return this.#all;
  }

  set(atom: string, failure: Failure): void {
    this.#byAtom.set(atom, failure);
    this.#all = undefined;
  }

  delete(atom: string): void {
    if (this.#byAtom.delete(atom)) this.#all = undefined;
  }
}
