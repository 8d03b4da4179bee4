import type { Json, Store } from "../../common/json.js";
import type { ScriptStep } from "./vector.js";

/** What a computing step makes of its arguments on the nth call. */
export function compute(
  { compute: how, add = 0, shape }: ScriptStep,
  call: { readonly atom: string; readonly args: Store; readonly n: number },
): Json {
  const value = how === "sum" ? sum(add, call.args) : concat(call);
  if (shape === undefined) return value;
  const [kind, parts] = shape;
  if (kind === "list") return Array.from({ length: parts }, (_, place) => part(value, place));
  return Object.fromEntries(
    parts.map((key) => [key, typeof value === "number" ? value : `${value}.${key}`]),
  );
}

function part(value: string | number, place: number): Json {
  return typeof value === "number" ? value + place : `${value}.${place}`;
}

function sum(add: number, args: Store): number {
  const whole = Object.values(args).filter((value) => Number.isInteger(value)) as number[];
  return whole.reduce((total, value) => total + value, add);
}

/** `NAME(k1=v1,k2=v2)#n` */
function concat({ atom, args, n }: { atom: string; args: Store; n: number }): string {
  const given = Object.keys(args)
    .sort()
    .map((name) => `${name}=${text(args[name] ?? null)}`);
  return `${atom}(${given.join(",")})#${n}`;
}

function text(value: Json): string {
  return [...(typeof value === "string" ? value : sorted(value))].slice(0, 32).join("");
}

/** JSON with sorted keys. */
export function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${sorted(member)}`);
  return `{${members.join(",")}}`;
}
