/** Signals that tell an agent to leave, from the moment they are listened for. */
export interface LeaveSignals extends Disposable {
  /**
   * Resolves once `stop`, called at the first signal, has; one that came before this call counts.
   * Further signals call it again: whoever asks twice does not want to wait.
   */
  untilTold(stop: (signal: NodeJS.Signals) => Promise<void>): Promise<void>;
}

/**
 * Listens at once: an agent that is told to leave while it starts must not die of the signal, it
 * would leave its registration, its locks and its directory behind.
 */
export function leaveSignals(names: readonly NodeJS.Signals[]): LeaveSignals {
  const early: NodeJS.Signals[] = [];
  let obey = (signal: NodeJS.Signals): void => void early.push(signal);
  const told = (signal: NodeJS.Signals): void => obey(signal);
  for (const name of names) process.on(name, told);
  return {
    untilTold: (stop) =>
      new Promise((resolve, reject) => {
        obey = (signal) => void stop(signal).then(resolve, reject);
        for (const signal of early.splice(0)) obey(signal);
      }),
    [Symbol.dispose]() {
      for (const name of names) process.off(name, told);
    },
  };
}

/** Signals that do not end an agent while it starts; `obey`: what they do from then on. */
export interface KeptSignals extends Disposable {
  /** One that came before this call counts, once. */
  obey(act: () => void): void;
}

export function keptSignals(names: readonly NodeJS.Signals[]): KeptSignals {
  let early = false;
  let act = (): void => void (early = true);
  const told = (): void => act();
  for (const name of names) process.on(name, told);
  return {
    obey(given) {
      act = given;
      if (early) act();
    },
    [Symbol.dispose]() {
      for (const name of names) process.off(name, told);
    },
  };
}
