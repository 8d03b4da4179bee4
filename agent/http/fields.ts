import { JobrunnerError } from "../../common/error.js";
import type { Schema } from "./schemas/schema.js";

/** `?fields=`: of each item of a list only these, besides the one that names it. */
export const FIELDS: Schema = {
  type: "string",
  description: "Names of fields with commas between: of each item only these.",
  pattern: "^[A-Za-z]{1,40}(?:,[A-Za-z]{1,40}){0,40}$",
};

/** Throws USAGE for a field that items do not have, naming those they may have. */
export function onlyFields<Item extends object, View extends { readonly items: readonly Item[] }>(
  view: View,
  fields: string | undefined,
  item: Schema,
): Omit<View, "items"> & { readonly items: readonly Partial<Item>[] } {
  if (fields === undefined) return view;
  const known = Object.keys(item["properties"] ?? {});
  const wanted = fields.split(",");
  const unknown = wanted.find((field) => !known.includes(field));
  if (unknown !== undefined) throw noSuchField(unknown, known);
  const names = item["required"] as readonly string[];
  const kept = new Set([...names, ...wanted]);
  return { ...view, items: view.items.map((each) => pick(each, kept)) };
}

function pick<Item extends object>(item: Item, kept: ReadonlySet<string>): Partial<Item> {
  const entries = Object.entries(item).filter(([field]) => kept.has(field));
  return Object.fromEntries(entries) as Partial<Item>;
}

function noSuchField(field: string, known: readonly string[]): JobrunnerError {
  return new JobrunnerError("USAGE", `query: /fields: there is no field ${field}`, {
    hint: `There are ${known.join(", ")}.`,
    cause: [{ pointer: "/fields", detail: `has no field ${field}` }],
  });
}
