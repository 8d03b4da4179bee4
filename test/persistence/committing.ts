import { JobrunnerError } from "../../common/error.js";
import type { Append, Persistence, Verdict } from "../../persistence/persistence.js";
import { newJob, type Owned, owned, posted } from "../contracts/samples.js";
import { openSteered } from "../contracts/sqlite.js";

export type Appending = Pick<Persistence, "append">;

/** Real persistence, with a note of every batch that was sent to it. */
export class Noting implements Appending {
  readonly batches: (readonly Append[])[] = [];
  readonly #persistence: Appending;

  constructor(persistence: Appending) {
    this.#persistence = persistence;
  }

  append(appends: readonly Append[]): Promise<readonly Verdict[]> {
    this.batches.push(appends);
    return this.#persistence.append(appends);
  }
}

export function down(): JobrunnerError {
  return new JobrunnerError("PERSISTENCE_DOWN", "gone for a while", { retryable: true });
}

export interface Ready {
  readonly persistence: Persistence;
  readonly noting: Noting;
  readonly owners: readonly Owned[];
}

/** Jobs that are owned, each ready for its first append. */
export async function ready(jobs: number): Promise<Ready> {
  const { persistence } = await openSteered();
  const owners: Owned[] = [];
  for (let index = 0; index < jobs; index += 1) {
    owners.push(await owned(persistence, (await posted(persistence, newJob())).id));
  }
  return { persistence, noting: new Noting(persistence), owners };
}

export function ownerAt(owners: readonly Owned[], index: number): Owned {
  const owner = owners[index];
  if (owner === undefined) throw new Error(`no owner ${index}`);
  return owner;
}

export function result(length: number): Append["changes"] {
  return [{ change: "atom", atom: "A", to: "SUCCESS", result: "x".repeat(length) }];
}
