import { InvalidArgumentError } from "commander";
import { REASON_CHARS_MAX } from "../common/job.js";
import { parseDuration } from "../common/text/duration.js";
import type { Json } from "../common/json.js";

/** What `jobrunner run` was asked for, as typed; the configuration checks it. */
export interface RunFlags {
  /** The only file of settings to read. */
  readonly config?: string;
  readonly name?: string;
  readonly listen?: string;
  readonly flows?: readonly string[];
  readonly slots?: string;
  readonly board?: string;
  readonly persistence?: string;
  /** `FILE` or `sqlite:FILE`, for board and persistence. */
  readonly database?: string;
  readonly lease?: string;
  readonly drainTimeout?: string;
  readonly runner?: string;
  /** It leaves when there is nothing that it may take. */
  readonly once?: boolean;
  readonly tag?: Readonly<Record<string, string>>;
  /** Facts that are so whatever the machine shows. */
  readonly fact?: Readonly<Record<string, Json>>;
}

/** What `jobrunner dev` was asked for. */
export type DevFlags = Pick<RunFlags, "listen" | "flows">;

/** Flags that every command which asks an agent has. */
export interface CommonOptions {
  readonly via?: string;
  readonly output?: OutputFormat;
  readonly ascii?: boolean;
  readonly color?: string;
}

/** Of commands that show what changes. */
export interface WatchOptions {
  /** Milliseconds between two looks although nothing was heard. */
  readonly watch?: number;
}

export const OUTPUT_FORMATS = ["table", "wide", "json", "jsonl", "yaml", "name"] as const;
export const GRAPH_FORMATS = ["text", "mermaid", "dot"] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];
/** Kinds of machines that there are settings for, in deploy/config. */
export const PROFILES = ["alone", "laptop", "server", "decentralised", "phone"] as const;
export type Profile = (typeof PROFILES)[number];
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/* Readers of flag values: commander prints what they throw with the flag's name, exit code 2. */

export function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("Write it as 30s, 500ms or 1h30m.");
  return ms;
}

/** What stands behind `--watch` is taken for its value, also when it names what is to be shown. */
export function readWatch(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError("Put -w last, or behind it a duration such as 5s.");
}

/** RFC 3339 of a time, or of so long ago. */
export function readTime(text: string): string {
  const ago = parseDuration(text);
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (Number.isNaN(at)) throw new InvalidArgumentError("Write it as 2h or 2027-01-31T18:00:00Z.");
  return new Date(at).toISOString();
}

/** Why something is asked of a job, in one line. */
export function readReason(text: string): string {
  const count = [...text].length;
  if (count > 0 && count <= REASON_CHARS_MAX && !/\p{Cc}/u.test(text)) return text;
  throw new InvalidArgumentError(`One line of 1 to ${REASON_CHARS_MAX} characters.`);
}

export function readWhole(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`A whole number from ${low} to ${high}.`);
  };
}

/** For flags that may be given several times. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** `key=value`, or `key` alone for a tag without a value; several times. */
export function collectTag(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const [, key, value = ""] = /^([A-Za-z0-9_.-]+)(?:=(.*))?$/s.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError("Write it as room=study, or gpu.");
  return { ...before, [key]: value };
}

/** `name=value`, the value as JSON or a text; several times. */
export function collectFact(
  text: string,
  before: Readonly<Record<string, Json>> | undefined,
): Readonly<Record<string, Json>> {
  const [, name, value = ""] = /^([a-z_]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("Write it as memory_free=8GiB.");
  try {
    return { ...before, [name]: JSON.parse(value) as Json };
  } catch {
    return { ...before, [name]: value }; // Not JSON: the text itself.
  }
}
