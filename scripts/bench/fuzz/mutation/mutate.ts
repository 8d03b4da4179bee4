import type { Random } from "../../../../test/property/random.js";
import type { Draft } from "../draft.js";
import { limitOf, oddText, oddValue } from "./odd.js";
import { oddBytes } from "./odd-bytes.js";

/* Changes a request in one place: a method, a header, a value or what is left of its body. */

type Mutation = (draft: Draft, random: Random) => void;

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  mutateMember,
  mutateMember,
  mutateMember,
  mutateLimit,
  mutateLimit,
  mutateQuery,
  mutateQuery,
  mutatePath,
  mutateHeader,
  mutateBytes,
  mutateMethod,
];

/** Most requests are changed once or not at all: what is wrong twice is refused for the first. */
export function mutate(draft: Draft, random: Random): void {
  const times = random.pick([0, 0, 0, 0, 1, 1, 1, 1, 2, 3]);
  for (let n = 0; n < times; n += 1) random.pick(MUTATIONS)(draft, random);
}

/** One member of the body, at any depth: another value, another name, gone, or one more. */
function mutateMember(draft: Draft, random: Random): void {
  if (draft.body === undefined || !("json" in draft.body)) return mutateQuery(draft, random);
  draft.body = { json: changed(draft.body.json, random) };
}

function changed(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.chance(0.05)) return oddValue(random);
  if (Array.isArray(value)) {
    const at = random.whole(0, value.length);
    return [...value.slice(0, at), changed(value[at], random), ...value.slice(at + 1)];
  }
  const entries = Object.entries(value);
  const at = random.whole(0, entries.length - 1);
  const [name, member] = entries[at] ?? ["x", 1];
  const others = entries.filter((_, n) => n !== at);
  const put = random.pick<() => readonly (readonly [string, unknown])[]>([
    () => [[name, changed(member, random)]],
    () => [[name, changed(member, random)]],
    () => [],
    () => [[oddText(random), member]],
    () => [
      [name, member],
      [oddText(random), oddValue(random)],
    ],
  ])();
  return Object.fromEntries([...others, ...put]);
}

/** A value at or just beyond a limit that the document tells. */
function mutateLimit(draft: Draft, random: Random): void {
  const { body, parameters } = draft.operation;
  const members = Object.entries(body?.properties ?? {});
  const at = random.whole(0, parameters.length + members.length - 1);
  const parameter = parameters[at];
  if (parameter !== undefined) {
    const value = limitOf(parameter.schema, random);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (parameter.in === "path") draft.path[parameter.name] = text;
    else if (parameter.in === "query") draft.query.push([parameter.name, text]);
    else draft.headers[parameter.name] = headerText(text);
    return;
  }
  const [name, schema] = members[at - parameters.length] ?? [];
  if (name === undefined || schema === undefined) return mutateMethod(draft, random);
  const before = draft.body !== undefined && "json" in draft.body ? draft.body.json : {};
  draft.body = { json: { ...(before ?? {}), [name]: limitOf(schema, random) } };
}

function mutateQuery(draft: Draft, random: Random): void {
  const names = draft.operation.parameters.filter((each) => each.in === "query");
  const known = names[random.whole(0, Math.max(0, names.length - 1))]?.name;
  const name = random.pick([known, known, known, "x", "__proto__", "limit[]"]) ?? oddText(random);
  draft.query.push([name, oddText(random)]);
}

function mutatePath(draft: Draft, random: Random): void {
  const [name] = Object.keys(draft.path);
  if (name === undefined) mutateQuery(draft, random);
  else draft.path[name] = oddText(random);
}

const HEADERS: readonly (readonly [string, readonly [string, ...string[]]])[] = [
  ["accept", ["text/event-stream", "application/json", "text/html", "*/*;q=0", ",,,", "x"]],
  [
    "content-type",
    ["text/plain", "application/json; charset=utf-16", "a/b/c", "", "multipart/form-data"],
  ],
  ["content-encoding", ["gzip", "identity", "br, gzip", ""]],
  ["host", ["evil.example", "127.0.0.1:99999", "[::1", "localhost", "", "127.0.0.1@evil.example"]],
  ["origin", ["null", "http://evil.example", "http://localhost:3000", "file://", ""]],
  ["authorization", ["Bearer x", "Bearer", "Basic Og==", "Bearer a b"]],
  ["jobrunner-agent", ["self", "fuzz1", "fuzz2", "nobody", ""]],
  ["x-request-id", ["a", "../x", "x".repeat(200), ""]],
  ["expect", ["100-continue", "200-ok"]],
  ["range", ["bytes=0-1", "bytes=-1", "lines=a"]],
  ["if-none-match", ["*", '"a"']],
  ["connection", ["close", "upgrade", "keep-alive, close"]],
  ["upgrade", ["websocket", "h2c"]],
  ["x-http-method-override", ["DELETE"]],
  ["cookie", ["a=b", "=".repeat(4_000)]],
];

function mutateHeader(draft: Draft, random: Random): void {
  const given = draft.operation.parameters.filter((each) => each.in === "header");
  const own = given[random.whole(0, Math.max(0, given.length - 1))]?.name;
  if (own !== undefined && random.chance(0.5)) {
    draft.headers[own] = headerText(oddText(random));
    return;
  }
  const [first, ...rest] = HEADERS as readonly [(typeof HEADERS)[number]];
  const [name, values] = random.pick([first, ...rest]);
  draft.headers[name] = random.pick(values);
}

/** Clients refuse to send the rest; raw bytes are the business of sockets.ts. */
function headerText(text: string): string {
  return text.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, "?").slice(0, 8_000);
}

function mutateBytes(draft: Draft, random: Random): void {
  const before = draft.body === undefined || "bytes" in draft.body ? {} : draft.body.json;
  draft.headers["content-type"] ??= "application/json";
  draft.body = { bytes: oddBytes(JSON.stringify(before ?? {}), random) };
}

function mutateMethod(draft: Draft, random: Random): void {
  draft.method = random.pick([
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "QUERY",
  ]);
}
