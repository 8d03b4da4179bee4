import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { JobBoard } from "../../boards/board.js";
import { JobrunnerError } from "../../common/error.js";
import type { Persistence } from "../../persistence/persistence.js";

/** Tries to name the board in use while others do the same. */
const TRIES = 3;

export interface AgreementOptions {
  readonly board: Pick<JobBoard, "identity">;
  readonly persistence: Pick<Persistence, "boardId" | "setBoardId">;
  readonly log: Logger;
  /** The state directory, which remembers the board this agent last agreed to. */
  readonly directory: string;
}

export interface Boards {
  /** The one this agent is on. */
  readonly here: string;
  /** The one the cluster uses; undefined before the first. */
  readonly inUse: string | undefined;
}

/** An empty board that this agent has given its identity, and what the cluster used then. */
interface Stamp {
  readonly board: string;
  readonly insteadOf: string | null;
}

/**
 * P-30: which board the cluster uses, and whether this agent is on it. The board here becomes the
 * cluster's when this agent can know that it takes the place of the one in use: it agreed to that
 * one before (which was wiped or left), or it never agreed to any and found this one empty.
 */
export class Agreement {
  /** The board agreed to; undefined while this agent must not claim. */
  boardId: string | undefined;
  /** Why it must not, for people. */
  disagreement: string | undefined;
  readonly #options: AgreementOptions;
  #stamp: Stamp | undefined;

  constructor(options: AgreementOptions) {
    this.#options = options;
  }

  /** Looks again; tells whether the board here was made the cluster's. */
  async seek(): Promise<boolean> {
    for (let round = 0; round < TRIES; round += 1) {
      const boards = await this.look();
      if (boards.inUse === boards.here) return this.#agree(boards.here, false);
      if (!(await this.#mayReplace(boards))) return this.#disagree(boards);
      if (await this.#replace(boards)) return this.#agree(boards.here, true);
    }
    this.boardId = undefined; // Others name theirs at this very moment.
    return false;
  }

  /** Makes the board here the cluster's, whatever the cluster uses: people know better. */
  async force(): Promise<Boards> {
    for (let round = 0; round < TRIES; round += 1) {
      const boards = await this.look();
      if (boards.inUse !== boards.here && !(await this.#replace(boards))) continue;
      await this.#agree(boards.here, true);
      return { here: boards.here, inUse: boards.here };
    }
    throw new JobrunnerError("BUSY", "other agents change the board in use at this very moment", {
      hint: "See which it is with `jobrunner board show`, and try it again.",
      retryable: true,
    });
  }

  /** Persistence first: who stamps an empty board must know of what it takes the place. */
  async look(): Promise<Boards> {
    const { board, persistence } = this.#options;
    const inUse = await persistence.boardId();
    const { id: here, stamped } = await board.identity();
    // Told once only, so it is written down: whatever fails from here on is tried again.
    if (stamped) await this.#remember({ board: here, insteadOf: inUse ?? null });
    return { here, inUse };
  }

  async #mayReplace({ here, inUse }: Boards): Promise<boolean> {
    if (inUse === undefined) return true;
    const agreed = await this.#read("board-id");
    if (agreed !== undefined) return agreed === inUse;
    const stamp = this.#stamp ?? parseStamp(await this.#read("board-stamped"));
    return stamp?.board === here && stamp.insteadOf === inUse;
  }

  async #replace({ here, inUse }: Boards): Promise<boolean> {
    const { persistence, log } = this.#options;
    if (!(await persistence.setBoardId(inUse, here))) return false;
    log.info({ board: here }, "this board is in use from now on");
    return true;
  }

  async #agree(here: string, replaced: boolean): Promise<boolean> {
    if (this.boardId === here) return replaced;
    // Written first: an agent that does not remember cannot say after a wipe which one was wiped.
    await writeFile(this.#file("board-id"), here, { mode: 0o600 });
    this.boardId = here;
    this.disagreement = undefined;
    return replaced;
  }

  #disagree({ here, inUse }: Boards): false {
    this.boardId = undefined;
    const now = `the cluster uses board ${inUse ?? "?"}, this agent is on ${here}`;
    if (now !== this.disagreement) {
      const hint = "`jobrunner board use` makes this one the cluster's";
      this.#options.log.warn({ hint }, `${now}: claiming nothing`);
    }
    this.disagreement = now;
    return false;
  }

  async #remember(stamp: Stamp): Promise<void> {
    this.#stamp = stamp;
    await writeFile(this.#file("board-stamped"), JSON.stringify(stamp), { mode: 0o600 });
  }

  #file(name: string): string {
    return join(this.#options.directory, name);
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return (await readFile(this.#file(name), "utf8")).trim();
    } catch {
      return undefined; // Never written.
    }
  }
}

function parseStamp(text: string | undefined): Stamp | undefined {
  if (text === undefined) return undefined;
  try {
    const { board, insteadOf } = JSON.parse(text) as Partial<Stamp>;
    if (typeof board !== "string" || insteadOf === undefined) return undefined;
    return { board, insteadOf };
  } catch {
    return undefined; // Torn when the machine went down.
  }
}
