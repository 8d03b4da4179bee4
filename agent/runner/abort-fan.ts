/**
 * Passes the abort of a signal on to all calls made under it, with one listener a signal: calls of
 * one job share theirs, and listeners by the dozen look like a leak.
 */
export class AbortFan {
  readonly #signals = new Map<
    AbortSignal,
    { readonly ids: Set<number>; readonly on: () => void }
  >();
  readonly #abort: (id: number, reason: unknown) => void;

  constructor(abort: (id: number, reason: unknown) => void) {
    this.#abort = abort;
  }

  /** Aborts the call when the signal does; in the next turn when it already has. */
  add(signal: AbortSignal, id: number): void {
    if (signal.aborted) {
      queueMicrotask(() => this.#abort(id, signal.reason));
      return;
    }
    let entry = this.#signals.get(signal);
    if (entry === undefined) {
      const ids = new Set<number>();
      const on = (): void => {
        for (const each of ids) this.#abort(each, signal.reason);
      };
      signal.addEventListener("abort", on, { once: true });
      entry = { ids, on };
      this.#signals.set(signal, entry);
    }
    entry.ids.add(id);
  }

  remove(signal: AbortSignal, id: number): void {
    const entry = this.#signals.get(signal);
    entry?.ids.delete(id);
    if (entry === undefined || entry.ids.size > 0) return;
    signal.removeEventListener("abort", entry.on);
    this.#signals.delete(signal);
  }
}
