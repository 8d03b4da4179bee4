import { parseBytes } from "../common/text/bytes.js";
import { JobrunnerError } from "../common/error.js";
import type { Json } from "../common/json.js";
import { didYouMean } from "../common/text/did-you-mean.js";
import type { FactName, KeyedName, PlainName } from "./fact.js";

/** What is so because the owner of the machine says so, whatever it shows. */
export interface Overrides {
  readonly plain?: Readonly<
    Partial<Record<PlainName, { readonly known: Json } | { readonly unknown: string }>>
  >;
  readonly keyed?: Readonly<Partial<Record<KeyedName, Readonly<Record<string, Json>>>>>;
}

/** The value in the form of the fact's type; undefined when it has another. */
type Take = (value: Json) => Json | undefined;

const text: Take = (value) => (typeof value === "string" && value !== "" ? value : undefined);
const amount: Take = (value) =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
const bytes: Take = (value) => (typeof value === "string" ? parseBytes(value) : amount(value));
const flag: Take = (value) => (typeof value === "boolean" ? value : undefined);
const orNull =
  (take: Take): Take =>
  (value) =>
    value === null ? null : take(value);
const list =
  (take: Take): Take =>
  (value) => {
    if (!Array.isArray(value)) return undefined;
    const taken = (value as readonly Json[]).map(take);
    return taken.every((each) => each !== undefined) ? taken : undefined;
  };
const byKey =
  (take: Take): Take =>
  (value) => {
    if (!isRecord(value)) return undefined;
    const taken = Object.entries(value).map(([key, each]) => [key, take(each)] as const);
    return taken.every(([, each]) => each !== undefined)
      ? (Object.fromEntries(taken) as Json)
      : undefined;
  };
const address: Take = (value) =>
  isRecord(value) &&
  ["interface", "address", "mac"].every((key) => typeof value[key] === "string") &&
  (value["family"] === "IPv4" || value["family"] === "IPv6")
    ? value
    : undefined;

/** The agent's name and tags are the configuration's own, so they are not here. */
const FORMS: Readonly<
  Record<Exclude<FactName, "agent" | "tags">, readonly [form: string, take: Take]>
> = {
  arch: ["a text", text],
  os: ["a text", text],
  kernel: ["a text", text],
  node_version: ["a text", text],
  cpu_model: ["a text", text],
  cpu_count: ["a number", amount],
  memory_total: ['bytes, such as 1000000 or "8GiB"', bytes],
  memory_free: ['bytes, such as 1000000 or "8GiB"', bytes],
  load: ["a number", amount],
  disk_free: ['bytes by path, such as {"/": "8GiB"}', byKey(bytes)],
  listening_ports: ["a list of numbers", list(amount)],
  free_ports: ["a list of numbers", list(amount)],
  addresses: ["a list of {interface, family, address, mac}", list(address)],
  battery: ["percent, or null for no battery", orNull(amount)],
  on_mains: ["true or false", flag],
  gpus: ["a list of texts", list(text)],
  container: ["a text, or null for none", orNull(text)],
  virtual_machine: ["a text, or null for none", orNull(text)],
  programs: ["paths by name, null for a program that is not there", byKey(orNull(text))],
};

/**
 * Checks facts as a configuration gives them: `{memory_total: "8GiB", battery: {unknown: "why"}}`.
 * Throws USAGE that lists every mistake.
 */
export function parseOverrides(given: Readonly<Record<string, Json>>): Overrides {
  const plain: Record<string, { known: Json } | { unknown: string }> = {};
  const keyed: Record<string, Readonly<Record<string, Json>>> = {};
  const mistakes: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const form = Object.hasOwn(FORMS, name) ? FORMS[name as keyof typeof FORMS] : undefined;
    const taken = form?.[1](value);
    if (form === undefined) mistakes.push(unknownFact(name));
    else if (isKeyed(name) && isRecord(taken)) keyed[name] = taken;
    else if (!isKeyed(name) && isUnknown(value)) plain[name] = value;
    else if (taken === undefined) mistakes.push(`the fact ${name} is ${form[0]}`);
    else plain[name] = { known: taken };
  }
  if (mistakes.length > 0) throw new JobrunnerError("USAGE", mistakes.join("\n"));
  return { plain, keyed };
}

function unknownFact(name: string): string {
  const names = Object.keys(FORMS);
  const hint = didYouMean(name, names, names.join(", "));
  return `there is no fact "${name}" (${hint})`;
}

function isKeyed(name: string): name is KeyedName {
  return name === "disk_free" || name === "programs";
}

function isUnknown(value: Json): value is { readonly unknown: string } {
  return isRecord(value) && typeof value["unknown"] === "string";
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
