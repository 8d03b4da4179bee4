import { randomUUID } from "node:crypto";
import { openPersistence } from "../../../persistence/open.js";
import type { Persistence } from "../../../persistence/persistence.js";
import { TestClock } from "../time/test-clock.js";

/** The board that owners say their claim is on; there is none. */
export const BOARD_ID = "test";

/** The real persistence, in memory, with a clock that is told when to go on. */
export interface TestDatabase extends AsyncDisposable {
  readonly persistence: Persistence;
  readonly clock: TestClock;
  /** The id of a new job. */
  nextId(): string;
}

export async function openDatabase(): Promise<TestDatabase> {
  const clock = new TestClock();
  const persistence = await openPersistence("sqlite::memory:", { now: () => clock.now() });
  await persistence.setBoardId(undefined, BOARD_ID);
  return {
    persistence,
    clock,
    nextId: () => randomUUID(),
    [Symbol.asyncDispose]: () => persistence[Symbol.asyncDispose](),
  };
}
