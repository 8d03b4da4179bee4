import type { Logger } from "pino";
import type { Persistence } from "../../../persistence/persistence.js";
import { Narrator } from "../../events/telling/narrator.js";
import type { Tell } from "../../events/telling/told.js";
import type { HookBook } from "../../hooks/book.js";
import type { OwnerIdentity } from "../../owner/ownership.js";
import { nextOwner } from "../../owner/owner-name.js";

export interface ExpiringOptions {
  readonly persistence: Pick<Persistence, "expire" | "job" | "load">;
  readonly identity: OwnerIdentity;
  readonly log: Logger;
  readonly tell: Tell;
  readonly hooks?: HookBook;
}

/** P-44: ends a job that nobody has started in time, whichever agent finds it first. */
export async function expireJob(options: ExpiringOptions, id: string): Promise<void> {
  const { persistence, identity, log, tell, hooks } = options;
  const { agent, machine, incarnation } = identity;
  const owner = nextOwner(incarnation);
  const flow = (await persistence.job(id))?.needs.flow;
  const calls = flow === undefined ? [] : (hooks?.callsOf(owner, flow, "CANCELLED") ?? []);
  if (!(await persistence.expire(id, { agent, machine, owner, hooks: calls }))) return;
  hooks?.wake();
  const row = await persistence.job(id);
  const entries = await persistence.load(id);
  const last = entries.at(-1);
  if (row === undefined || last === undefined) return;
  log.warn({ jobId: id, flow: row.needs.flow, why: row.reason?.message }, "job expired");
  const narrator = new Narrator(row, tell);
  narrator.goOnAfter(entries.slice(0, -1));
  narrator.written(last);
}
