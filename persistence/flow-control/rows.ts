import { parseSignature } from "../../common/job.js";
import { badColumn, type Columns, integer, isEmpty, text } from "../columns.js";
import type { Controls, SlotWaiter } from "./port.js";

/** The columns of `job_controls` that `toControls` reads. */
export const CONTROL_COLUMNS = ["unique_key", "start_by", "slot_key", "slot_limit"] as const;

export function toControls(row: Columns): Controls {
  return {
    ...(isEmpty(row, "unique_key") ? {} : { uniqueKey: text(row, "unique_key") }),
    ...(isEmpty(row, "start_by") ? {} : { startBy: integer(row, "start_by") }),
    ...(isEmpty(row, "slot_key")
      ? {}
      : { concurrency: { key: text(row, "slot_key"), limit: integer(row, "slot_limit") } }),
  };
}

/** Most jobs have none, and no row of their own. */
export function hasControls({ uniqueKey, startBy, concurrency }: Controls): boolean {
  return uniqueKey !== undefined || startBy !== undefined || concurrency !== undefined;
}

export function toWaiter(row: Columns): SlotWaiter {
  const needs = parseSignature(text(row, "signature"));
  if (needs === undefined) throw badColumn(row, "signature", "a signature");
  const [priority, limit] = [integer(row, "priority"), integer(row, "slot_limit")];
  return { id: text(row, "id"), needs, priority, limit };
}
