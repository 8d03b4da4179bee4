import { parseBytes } from "../common/text/bytes.js";
import type { Json } from "../common/json.js";
import { isVersionRange } from "../common/text/version-range.js";

/** A label as jobs ask for it; without a value any will do. */
export interface TagArgument {
  readonly key: string;
  readonly value: string | undefined;
}

/** What an argument of a built-in capability may be, and what its check is given for it. */
export interface ArgumentTypes {
  bytes: number;
  port: number;
  percent: number;
  path: string;
  program: string;
  system: string;
  agent: string;
  tag: TagArgument;
  range: string;
}

export type ArgumentType = keyof ArgumentTypes;

export type ArgumentsOf<T extends readonly ArgumentType[]> = {
  readonly [I in keyof T]: ArgumentTypes[T[I]];
};

interface Form<T> {
  /** What it must be, for people. */
  readonly what: string;
  read(value: Json): T | undefined;
}

const FORMS: { readonly [T in ArgumentType]: Form<ArgumentTypes[T]> } = {
  bytes: { what: "bytes, such as 2GB or 512MiB", read: readBytes },
  port: { what: "a port from 1 to 65535", read: whole(1, 65_535) },
  percent: { what: "a percentage from 0 to 100", read: whole(0, 100) },
  path: { what: "an absolute path", read: matching(/^(?:\/|[A-Za-z]:[\\/])/) },
  program: { what: "the name of a program, such as ffmpeg", read: matching(/^[^/\\\s]+$/) },
  system: { what: "an operating system, such as linux", read: matching(/^[a-z0-9]+$/i) },
  agent: { what: "the name of an agent", read: matching(/^[a-z0-9][a-z0-9_-]*$/) },
  tag: { what: "a tag, such as room=study or gpu", read: readTag },
  range: { what: "a range of versions, such as >=20", read: readRange },
};

/** The arguments as their check wants them, or what is wrong with them. */
export function readArguments<const T extends readonly ArgumentType[]>(
  types: T,
  args: readonly Json[],
): { readonly values: ArgumentsOf<T> } | { readonly mistake: string } {
  if (args.length !== types.length) {
    const wants = types.length === 0 ? "no arguments" : `(${types.join(", ")})`;
    return { mistake: `wants ${wants}, got ${JSON.stringify(args)}` };
  }
  const values: unknown[] = [];
  for (const [index, type] of types.entries()) {
    const value = FORMS[type].read(args[index] ?? null);
    if (value === undefined) {
      return { mistake: `wants ${FORMS[type].what}, got ${JSON.stringify(args[index])}` };
    }
    values.push(value);
  }
  return { values: values as unknown as ArgumentsOf<T> }; // Each was read by its own type's form.
}

/** Bytes also as a number: flows compute them. */
function readBytes(value: Json): number | undefined {
  if (typeof value === "string") return parseBytes(value);
  return whole(0, Number.MAX_SAFE_INTEGER)(value);
}

function whole(low: number, high: number): (value: Json) => number | undefined {
  return (value) =>
    Number.isInteger(value) && Number(value) >= low && Number(value) <= high
      ? Number(value)
      : undefined;
}

function matching(form: RegExp): (value: Json) => string | undefined {
  return (value) => {
    if (typeof value !== "string" || value.length > 4_096 || value.includes("\0")) return undefined;
    return form.test(value) ? value : undefined;
  };
}

function readTag(value: Json): TagArgument | undefined {
  if (typeof value !== "string") return undefined;
  const [, key, , tag] = /^([A-Za-z0-9_.-]+)(=(.*))?$/s.exec(value) ?? [];
  return key === undefined ? undefined : { key, value: tag };
}

/** A word that looks like a whole number, such as 20, comes as one; 20.10 would come as 20.1. */
function readRange(value: Json): string | undefined {
  const text = Number.isInteger(value) ? String(value) : value;
  return typeof text === "string" && isVersionRange(text) ? text : undefined;
}
