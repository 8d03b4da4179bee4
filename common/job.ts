import type { Json } from "./json.js";

/** Protocol version that agents understand; one claims only what is not newer than that. */
export const PROTOCOL = 2;
/** Of jobs that nothing holds back at their start (P-44): agents of the first version run them. */
export const PROTOCOL_PLAIN = 1;

/** Of why something is asked of a job: one line, for people. */
export const REASON_CHARS_MAX = 256;

/** States in which a job may be claimed and raised. */
export const STARTABLE = ["WAITING", "RUNNING", "REVERTING"] as const;
/** States in which a job is over for good. */
export const ENDED = ["SUCCESS", "REVERTED", "FAILURE", "CANCELLED"] as const;

export type StartableState = (typeof STARTABLE)[number];
export type EndState = (typeof ENDED)[number];
/** SCHEDULED is not stored: it is WAITING with `runAt` in the future. */
export type JobState = StartableState | "SUSPENDED" | EndState;
/** What a person asked of a job that somebody owns; obeyed with the owner's next append. */
export type JobRequest = "cancel" | "cancel-no-revert" | "suspend";

export function isCancel(request: JobRequest | null | undefined): boolean {
  return request === "cancel" || request === "cancel-no-revert";
}

/** Largest JSON text of a job's parameters, bytes: every owner loads them. */
export const PARAMS_BYTES_MAX = 256 * 1024;

/**
 * Why a job is SUSPENDED although nobody asked for it; or why it is CANCELLED: EXPIRED (P-44), or
 * CANCELLED with what whoever cancelled it said.
 */
export interface StateReason {
  readonly code: "POISON" | "FLOW_CHANGED" | "BAD_RECORD" | "EXPIRED" | "CANCELLED";
  readonly message: string;
  /** What differs or forbids it, a line each. */
  readonly details?: readonly string[];
}

export function isEnded(state: JobState): state is EndState {
  return (ENDED as readonly string[]).includes(state);
}

export function isStartable(state: JobState): state is StartableState {
  return (STARTABLE as readonly string[]).includes(state);
}

/** What a flow needs of the machine it runs on: a capability's name and its arguments. */
export interface Clause {
  readonly name: string;
  readonly args: readonly Json[];
}

/** What matching needs to know of a waiting job; equal jobs share one signature text. */
export interface Needs {
  readonly protocol: number;
  readonly flow: string;
  readonly version: number;
  readonly clauses: readonly Clause[];
}

/** Canonical text of `needs`: the index under which boards keep waiting jobs. */
export function toSignature(needs: Needs): string {
  const clauses = needs.clauses.map((clause) => [clause.name, ...clause.args]);
  return JSON.stringify([needs.protocol, needs.flow, needs.version, ...clauses]);
}

/** The inverse of `toSignature`; undefined for a text that is none (a board may hold anything). */
export function parseSignature(signature: string): Needs | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(signature);
  } catch {
    return undefined; // Not JSON: written by nobody we know.
  }
  if (!Array.isArray(parts)) return undefined;
  const [protocol, flow, version, ...rest] = parts as readonly Json[];
  if (typeof protocol !== "number" || typeof flow !== "string" || typeof version !== "number") {
    return undefined;
  }
  const clauses: Clause[] = [];
  for (const part of rest) {
    if (!Array.isArray(part) || typeof part[0] !== "string") return undefined;
    clauses.push({ name: part[0], args: part.slice(1) as Json[] });
  }
  return { protocol, flow, version, clauses };
}

/** Whether a text is the whole id of a job, in small letters, and not a part of one. */
export function isWholeId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** A clause as people write it: `port_is_free(8887)`. */
export function formatClause(clause: Clause): string {
  if (clause.args.length === 0) return clause.name;
  const args = clause.args.map((arg) => (typeof arg === "string" ? arg : JSON.stringify(arg)));
  return `${clause.name}(${args.join(", ")})`;
}
