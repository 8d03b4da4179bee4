import { v7 } from "uuid";
import type { Append, NewJob, Persistence, Raise } from "../../persistence/persistence.js";
import type { Change } from "../../engine/journal.js";

export const BOARD = "board-1";

/** A job that could be posted; ids are in the order of the calls. */
export function newJob(parts: Partial<NewJob> = {}): NewJob {
  const flow = parts.needs?.flow ?? "hello";
  return {
    id: v7(),
    needs: { protocol: 1, flow, version: 1, clauses: [{ name: "is_x86_64", args: [] }] },
    spec: {
      kind: "flow",
      name: flow,
      pattern: "linear",
      children: [{ kind: "task", name: "A" }],
    },
    flowHash: "hash",
    name: flow,
    params: { who: "world" },
    priority: 0,
    postedVia: "agent-1",
    ...parts,
  };
}

/** Posts a job to a database whose board is agreed on. */
export async function posted(persistence: Persistence, job = newJob()): Promise<NewJob> {
  await persistence.setBoardId(undefined, BOARD);
  await persistence.post(job);
  return job;
}

let owners = 0;

/** An ownership that nobody else begins, of the job as read with token `seen`. */
export function raiseOf(job: string, seen: number, parts: Partial<Raise> = {}): Raise {
  owners += 1;
  const owner = `inc.thread-1.${owners}`;
  return { job, seen, owner, agent: "agent-1", machine: "machine-1", boardId: BOARD, ...parts };
}

export interface Owned {
  readonly id: string;
  readonly token: number;
  readonly owner: string;
}

/** Raises from the token the row has now. */
export async function owned(
  persistence: Persistence,
  id: string,
  parts: Partial<Raise> = {},
): Promise<Owned> {
  const row = await persistence.job(id);
  const raise = raiseOf(id, row?.token ?? 0, parts);
  const token = await persistence.raise(raise);
  if (token === undefined) throw new Error(`job ${id} could not be raised`);
  return { id, token, owner: raise.owner };
}

export const STARTED: readonly Change[] = [{ change: "atom", atom: "A", to: "RUNNING" }];
export const ENDED: readonly Change[] = [
  { change: "atom", atom: "A", to: "SUCCESS", result: 1 },
  { change: "flow", to: "SUCCESS" },
];

export function appendOf(owned: Owned, seq: number, parts: Partial<Append> = {}): Append {
  const { id, token, owner } = owned;
  return { job: id, seq, token, owner, changes: STARTED, repeated: false, ...parts };
}

/** One append alone; its verdict. */
export async function appended(
  persistence: Persistence,
  append: Append,
): Promise<{ readonly accepted: boolean; readonly request?: string }> {
  const [verdict] = await persistence.append([append]);
  if (verdict === undefined) throw new Error("no verdict");
  return verdict;
}
