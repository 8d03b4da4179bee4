import type { Logger } from "pino";
import type { JobBoard } from "../../boards/board.js";
import type { Clock } from "../../common/clock.js";
import type { Committer } from "../../persistence/committer.js";
import type { Concurrency, Persistence } from "../../persistence/persistence.js";
import type { Claim, Claims } from "../claims.js";
import type { ClaimTeller } from "../events/telling/claim-teller.js";
import type { Tell } from "../events/telling/told.js";
import type { HookBook } from "../hooks/book.js";
import type { ProgressBook } from "../jobs/progress.js";
import type { LogBook } from "../logs/book.js";
import type { Metrics } from "../metrics/metrics.js";
import type { Runners } from "../runner/runner.js";
import type { JobControl } from "./job-control.js";
import type { OwnerIdentity } from "./ownership.js";

export interface ExecuteOptions {
  readonly board: JobBoard;
  readonly claims: Claims;
  readonly persistence: Persistence;
  readonly committer: Committer;
  readonly runners: Runners;
  readonly identity: OwnerIdentity;
  readonly clock: Clock;
  readonly log: Logger;
  /** The board this agent agreed to (P-30). */
  boardId(): string;
  /** The cluster uses another board: nothing more is claimed until both agree again (P-30). */
  boardDiffers(): void;
  /** The database's clock as well as this agent knows it, ms since 1970. */
  databaseNow(): number;
  /** Persistence did not answer: nothing more is claimed until it does (P-35). */
  persistenceDown(): void;
  /** Says what happens, for people who follow it. */
  readonly tell: Tell;
  /** What running bodies say of themselves. */
  readonly progress: ProgressBook;
  /** Counts what becomes of jobs here. */
  readonly metrics: Pick<Metrics, "jobStarted" | "jobEnded">;
  /** What is to hear of their ends. */
  readonly hooks?: HookBook;
  /** What they and their commands write. */
  readonly logs: LogBook;
  /** Aborts when the agent leaves: atoms settle, then the claim is handed on (P-22). */
  readonly leaving: AbortSignal;
  /** Aborts when settling has taken long enough. */
  readonly grace: AbortSignal;
}

/** What comes after one try under a claim. */
export type Next =
  /** Read the row again (P-5); `alone`: in a runner of its own, the last one died. */
  | { readonly next: "again"; readonly alone: boolean }
  /** `full`: there is no slot for it (P-45). */
  | { readonly next: "abandon"; readonly delayMs?: number; readonly full?: Concurrency }
  /**
   * The board's entry is wrong, or the job needs none; should it be startable, it is put back as
   * its row says (P-5). `slotKey`: a slot of it is free now (P-45).
   */
  | { readonly next: "drop"; readonly delayMs?: number; readonly slotKey?: string }
  /** The end is durable (P-20). `slotKey`: a slot of it is free now (P-45). */
  | { readonly next: "consume"; readonly slotKey?: string };

/** One try under a claim. */
export interface Try {
  readonly claim: Claim;
  readonly control: JobControl;
  readonly alone: boolean;
  readonly teller: ClaimTeller;
}
