import { type Clause, isEnded, isStartable } from "../../common/job.js";
import type { Statements } from "../../sqlite/statements.js";
import { isEmpty, text } from "../columns.js";
import { toClauses, toOwnership, toState } from "../rows.js";
import {
  type Asked,
  type Deprived,
  type Released,
  type Removed,
  RETRIES_MAX,
  type Retries,
} from "./port.js";
import { endOwnership } from "../sqlite/ownership.js";

/* Each inside one transaction. */

export interface ReleaseOptions {
  /** The owner's, when it must be that one. */
  readonly token: number | undefined;
  readonly now: number;
}

/** P-40: the token is raised to nobody. */
export function release(sql: Statements, id: string, options: ReleaseOptions): Released {
  const row = sql.get("SELECT id, state, token, owner FROM jobs WHERE id = ?", id);
  if (row === undefined) return { released: "unknown" };
  const state = toState(row);
  const last = sql.get("SELECT * FROM ownerships WHERE job = ? ORDER BY token DESC LIMIT 1", id);
  if (last === undefined) return { released: "conflict", state };
  const { token, owner, agent, ended } = toOwnership(last);
  const from: Deprived = { token, owner, agent };
  const named = options.token === undefined || options.token === token;
  const nobody = isEmpty(row, "owner") && ended === "released";
  if (isStartable(state) && nobody && named) return { released: "done", from }; // Asked again.
  if (!isStartable(state) || ended !== undefined) return { released: "conflict", state };
  if (!named) return { released: "conflict", state, owner: from };
  sql.run("UPDATE jobs SET token = token + 1, owner = NULL WHERE id = ?", id);
  endOwnership(sql, { job: id, token, ended: "released" }, options.now);
  return { released: "done", from };
}

/** P-42 */
export function reprioritise(sql: Statements, id: string, priority: number): Asked {
  const row = sql.get("SELECT id, state FROM jobs WHERE id = ?", id);
  if (row === undefined) return { asked: "unknown" };
  const state = toState(row);
  if (state !== "WAITING") return { asked: "conflict", state };
  sql.run("UPDATE jobs SET priority = ? WHERE id = ?", priority, id);
  sql.run("UPDATE job_controls SET slot_rank = ? WHERE job = ?", -priority, id); // P-45
  return { asked: "done", state };
}

/** P-41: whether the job may be removed; one that is over stays so. */
export function removable(sql: Statements, id: string): Removed {
  const row = sql.get("SELECT id, state FROM jobs WHERE id = ?", id);
  if (row === undefined) return { removed: "unknown" };
  const state = toState(row);
  return isEnded(state) ? { removed: "done" } : { removed: "conflict", state };
}

export function retries(sql: Statements, id: string): Retries {
  const own = sql.get("SELECT retry_of FROM retries WHERE job = ?", id);
  const others = sql.all(
    "SELECT job FROM retries WHERE retry_of = ? ORDER BY job LIMIT ?",
    ...[id, RETRIES_MAX],
  );
  const by = others.map((row) => text(row, "job"));
  return own === undefined ? { by } : { of: text(own, "retry_of"), by };
}

export function required(sql: Statements, id: string): readonly Clause[] {
  const row = sql.get("SELECT job, clauses FROM requirements WHERE job = ?", id);
  return row === undefined ? [] : toClauses(row);
}
