/** What an agent does when its machine goes to sleep and when it wakes. */
export interface PowerWatcher {
  /** The machine is about to sleep. It is held up until this resolves, or its system will not wait. */
  sleeps(): Promise<void>;
  /** It has woken, or did not sleep after all. */
  wakes(): void;
}

/**
 * Tells that the machine goes to sleep, where its system says so beforehand. Nobody may rely on it:
 * a battery that is empty, a paused virtual machine and many phones say nothing.
 */
export interface Power extends AsyncDisposable {
  /** Begins to watch; to be called once. `sleeps` never rejects. */
  watch(watcher: PowerWatcher): void;
  /** So many jobs run here: a system that would doze off meanwhile is kept awake. */
  busy(jobs: number): void;
}

/** For systems that do not tell. */
export const SILENT_POWER: Power = {
  watch: () => undefined,
  busy: () => undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
