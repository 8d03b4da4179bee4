import { type Columns, isEmpty, text } from "../columns.js";
import type { Controls } from "./port.js";

/** The columns of `job_controls` that `toControls` reads. */
export const CONTROL_COLUMNS = ["unique_key"] as const;

export function toControls(row: Columns): Controls {
  return isEmpty(row, "unique_key") ? {} : { uniqueKey: text(row, "unique_key") };
}

/** Most jobs have none, and no row of their own. */
export function hasControls({ uniqueKey }: Controls): boolean {
  return uniqueKey !== undefined;
}
