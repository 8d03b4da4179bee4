import type { Json } from "../json.js";

/** One fact as programs read it. */
export type FactView =
  | {
      readonly value: Json;
      /** Of amounts that have one. */
      readonly unit?: "bytes" | "percent";
      /** When it was looked at. */
      readonly at: string;
    }
  | { readonly unknown: string };

/** Facts by name. */
export type SnapshotView = Readonly<Record<string, FactView>>;
