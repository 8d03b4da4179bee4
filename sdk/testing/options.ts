import type { Json } from "../../common/json.js";
import type { Context } from "../context.js";

/** Code in the place of a body; `input` is what `in` names (plain tasks: the arguments). */
export type TestBody = {
  // Declared as a method, so that a body may say more exactly what its input is.
  call(input: Readonly<Record<string, Json>>, ctx: Context): unknown;
}["call"];

/**
 * Why a body fails: an error (or its text) each time, a number of times from its first start on, or
 * a function that is asked at each start (1, 2, ... over all owners and retries) and answers or
 * throws an error, or answers nothing when the body is to run.
 */
export type Mishap = Error | string | number | ((start: number) => unknown);

/** A command that a body ran with `ctx.run` or `ctx.runModule`. */
export interface TestCommand {
  readonly atom: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
}

/** The death of an owner at the `entry`th entry of the journal, counted from 1. */
export interface KillAt {
  readonly entry: number;
  /** Before it is stored, what led to it being lost; or after, before anything follows from it. */
  readonly when: "before" | "after";
}

/** What happens to a flow under test; atoms are named as in the journal (`serve/listen`). */
export interface TestOptions {
  /** Other bodies by atom: of execute, or of both. */
  readonly bodies?: Readonly<
    Record<string, TestBody | { readonly execute?: TestBody; readonly revert?: TestBody }>
  >;
  /** Failures of execute by atom, in the place of the body. */
  readonly fail?: Readonly<Record<string, Mishap>>;
  /** Failures of revert by atom. */
  readonly failRevert?: Readonly<Record<string, Mishap>>;
  /**
   * The owner dies as soon as the outcome of these atoms' execute is stored, before anything
   * follows. An atom named twice kills a second owner when it is run again.
   */
  readonly killOwnerAfter?: string | readonly string[];
  /** The owner dies when these atoms' execute has ended and nobody knows yet. */
  readonly killOwnerIn?: string | readonly string[];
  readonly killOwnerAt?: KillAt;
  /** Somebody cancels the job when this atom's execute starts; default with reverting. */
  readonly cancelAt?: string | { readonly atom: string; readonly revert: boolean };
  /** Answers for commands, which are not run in tests; default they fail. */
  readonly commands?: (command: TestCommand) => unknown;
  /** When the job is posted; default 2026-01-01T00:00:00Z. */
  readonly startAt?: Date;
  /** Not before this instant, as `jobrunner post --at` says it. */
  readonly runAt?: Date;
  /** 0..1, for the jitter of back-offs; default always 0. */
  readonly random?: () => number;
  /**
   * How long, in real ms, a body may do something that the clock does not know of (a file,
   * a request) before the clock goes on; default 100.
   */
  readonly quietMs?: number;
  /** Real milliseconds without anything happening after which the test fails; default 4000. */
  readonly limitMs?: number;
}
