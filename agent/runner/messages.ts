import { type ErrorCode, JobrunnerError } from "../../common/error.js";
import { type Failure, toError, toFailure } from "../../common/failure.js";
import type { Json, Store } from "../../common/json.js";
import type { LogPhase, Said } from "../../common/log.js";
import type { CallInfo, RetryInfo, RevertInfo, VoteInfo } from "../../engine/bodies.js";
import type { CommandLine } from "./guard/guard-messages.js";
import type { AbleQuestion, Deadline, Manifest } from "./runner.js";

/*
 * What an agent and its runner say to each other. One process speaks to one: order is kept, and
 * nothing arrives after the end of either.
 */

/** First word to a runner. */
export interface HostSettings {
  /** Directories with plugins, in order of precedence. */
  readonly flows: readonly string[];
  /** Files that ended or blocked an earlier runner while they were loading: left out. */
  readonly skip: readonly string[];
  /** Names of capabilities that plugins cannot have. */
  readonly builtin: readonly string[];
  /** Where transpiled plugins are kept; without it nothing is kept. */
  readonly cache: string | undefined;
  readonly agent: string;
}

/** A job that is opened in a runner; sessions tell two openings of one job apart. */
export interface SessionHead {
  readonly session: number;
  readonly job: string;
  readonly flow: string;
  readonly version: number;
  readonly params: Store;
  readonly traceparent?: string;
}

export type BodyCall =
  | { readonly body: "execute"; readonly call: CallInfo }
  | { readonly body: "revert"; readonly call: RevertInfo }
  | { readonly body: "retryExecute"; readonly call: RetryInfo }
  | { readonly body: "retryRevert"; readonly call: RetryInfo & RevertInfo }
  | { readonly body: "onFailure"; readonly call: RetryInfo };

/** What an atom does in a call. */
export function phaseOf({ body }: BodyCall): LogPhase {
  return body === "revert" || body === "retryRevert" ? "revert" : "execute";
}

export type Ask =
  | { readonly ask: "prepare"; readonly flow: string; readonly params: Json }
  | { readonly ask: "open"; readonly head: SessionHead }
  | { readonly ask: "able"; readonly question: AbleQuestion }
  | { readonly ask: "mistake"; readonly capability: string; readonly args: readonly Json[] }
  | ({ readonly ask: "call"; readonly session: number; readonly deadline: Deadline } & BodyCall)
  | {
      readonly ask: "decide";
      readonly session: number;
      readonly deadline: Deadline;
      readonly vote: VoteInfo;
    };

export type ToRunner =
  | { readonly kind: "settings"; readonly settings: HostSettings }
  | { readonly kind: "ask"; readonly id: number; readonly ask: Ask }
  | { readonly kind: "abort"; readonly id: number; readonly reason: WireError }
  /** Answer to `save`; with an error when it was refused. */
  | { readonly kind: "saved"; readonly save: number; readonly error?: WireError }
  | { readonly kind: "close"; readonly session: number }
  /** A line of a command's output, when the body wants to see it. */
  | { readonly kind: "output"; readonly command: number; readonly line: string }
  /** The command is gone; with an error when it did not exit with 0. */
  | { readonly kind: "ended"; readonly command: number; readonly error?: WireError }
  | { readonly kind: "beat"; readonly deadline: Deadline }
  | { readonly kind: "ping"; readonly ping: number };

export type FromRunner =
  /** Said before each plugin, so that its death by loading one names the culprit. */
  | { readonly kind: "loading"; readonly file: string }
  /** Last words: why it is about to end. */
  | { readonly kind: "dying"; readonly why: string }
  | { readonly kind: "ready"; readonly manifest: Manifest }
  /** A question has come to its turn: what takes time from here on is its own doing. */
  | { readonly kind: "began"; readonly id: number }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "refusal"; readonly id: number; readonly error: WireError }
  | { readonly kind: "log"; readonly session: number; readonly said: Said }
  | {
      readonly kind: "progress";
      readonly id: number;
      readonly fraction: number;
      readonly note?: string;
    }
  | { readonly kind: "save"; readonly id: number; readonly save: number; readonly value: Json }
  /** A command for the body of this call; the agent runs it under a guard. */
  | {
      readonly kind: "run";
      readonly id: number;
      readonly command: number;
      readonly line: CommandLine;
      /** Whether the body wants to see the output, beyond the log. */
      readonly lines: boolean;
    }
  /** So much of the output of its commands was handed to this call's body. */
  | { readonly kind: "taken"; readonly id: number; readonly characters: number }
  /** The body must stop, and so must its commands. */
  | { readonly kind: "stop"; readonly id: number }
  | { readonly kind: "pong"; readonly ping: number };

/** An error on its way between processes. */
export interface WireError {
  readonly failure: Failure;
  /** Set for jobrunner's own errors; a body's failures have none, whatever they carry. */
  readonly code?: ErrorCode;
  readonly hint?: string;
  /** The cause of BAD_PARAMETERS: a list of `{pointer, detail}`. */
  readonly problems?: Json;
}

/** `own`: the error is jobrunner's answer, not the failure of a body. */
export function toWire(error: unknown, own: boolean): WireError {
  const failure = toFailure(error);
  // By shape, not by class: plugins may have come with a copy of the class.
  if (!own || !(error instanceof Error) || !("code" in error)) return { failure };
  const { code, hint, cause } = error as Partial<JobrunnerError>;
  if (code === undefined || error.name !== "JobrunnerError") return { failure };
  return {
    failure,
    code,
    ...(hint !== undefined && { hint }),
    ...(Array.isArray(cause) && { problems: cause as Json }),
  };
}

export function fromWire(wire: WireError): Error {
  const { failure, code, hint, problems } = wire;
  if (code === undefined) return toError(failure);
  const cause = problems ?? (failure.cause === undefined ? undefined : toError(failure.cause));
  return new JobrunnerError(code, failure.message, { ...(hint !== undefined && { hint }), cause });
}
