/**
 * Counts what was handed to bodies, and reports it once for all that came together: a message for
 * each line would cost as much as the line.
 */
export class Tally {
  readonly #report: (call: number, characters: number) => void;
  readonly #counts = new Map<number, number>();

  constructor(report: (call: number, characters: number) => void) {
    this.#report = report;
  }

  add(call: number, characters: number): void {
    if (this.#counts.size === 0) queueMicrotask(() => this.#flush());
    this.#counts.set(call, (this.#counts.get(call) ?? 0) + characters);
  }

  #flush(): void {
    const counts = [...this.#counts];
    this.#counts.clear();
    for (const [call, characters] of counts) this.#report(call, characters);
  }
}
