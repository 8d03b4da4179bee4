import { type Columns, integer, isEmpty, text } from "../columns.js";
import type { Controls } from "./port.js";

/** The columns of `job_controls` that `toControls` reads. */
export const CONTROL_COLUMNS = ["unique_key", "start_by"] as const;

export function toControls(row: Columns): Controls {
  return {
    ...(isEmpty(row, "unique_key") ? {} : { uniqueKey: text(row, "unique_key") }),
    ...(isEmpty(row, "start_by") ? {} : { startBy: integer(row, "start_by") }),
  };
}

/** Most jobs have none, and no row of their own. */
export function hasControls({ uniqueKey, startBy }: Controls): boolean {
  return uniqueKey !== undefined || startBy !== undefined;
}
