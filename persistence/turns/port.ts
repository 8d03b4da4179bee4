export interface Turn {
  readonly mine: boolean;
  /** Until the next turn may be taken, by whoever comes first. */
  readonly nextInMs: number;
}

export interface TurnsPort {
  /**
   * P-31: the regular sweep is made by one agent. Takes the turn when it is due, by database time,
   * and makes it due again `everyMs` later; writes nothing when it is not. A turn due later than
   * that was written by a clock that has jumped since: it is due.
   */
  takeSweep(everyMs: number): Promise<Turn>;
}

/** What is due now, and when it comes due otherwise. */
export function turnOf(due: { readonly at: number; readonly now: number }, everyMs: number): Turn {
  const inMs = due.at - due.now;
  return inMs <= 0 || inMs > everyMs
    ? { mine: true, nextInMs: everyMs }
    : { mine: false, nextInMs: inMs };
}
