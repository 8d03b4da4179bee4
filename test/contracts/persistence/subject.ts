import type { Persistence } from "../../../persistence/persistence.js";

export interface PersistenceUnderTest {
  readonly persistence: Persistence;
  /** Moves database time; undefined where it cannot be steered. */
  readonly advance?: (ms: number) => void;
}

/** Makes an empty persistence that is closed when the test is over. */
export type OpenPersistence = () => Promise<PersistenceUnderTest>;
