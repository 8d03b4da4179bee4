import { setMaxListeners } from "node:events";
import { beginOwnership } from "../../../agent/owner/ownership.js";
import type { Bodies } from "../../../engine/bodies.js";
import { createEngine } from "../../../engine/engine.js";
import { compile } from "../../../engine/plan.js";
import { createCommitter } from "../../../persistence/committer.js";
import type { JobRow, Persistence } from "../../../persistence/persistence.js";
import { BOARD, SPEC } from "./jobs.js";

/** Runs one posted job to its end. */
export type RunFlow = (job: string) => Promise<void>;

const refuse = (): Promise<never> => Promise.reject(new Error("not used"));
const BODIES: Bodies = {
  execute: ({ atom }) => Promise.resolve(atom),
  revert: refuse,
  retryExecute: refuse,
  retryRevert: refuse,
  onFailure: refuse,
  decide: refuse,
};

/** The real engine, ownership and committer of an agent, with bodies that do nothing. */
export function ourFlows(persistence: Persistence): RunFlow {
  const committer = createCommitter(persistence);
  const { signal } = new AbortController();
  setMaxListeners(0, signal); // Every append of every flow listens.
  return async (job) => {
    const row = { id: job, token: 0, spec: SPEC } as unknown as JobRow;
    const ownership = await beginOwnership({
      ...{ persistence, committer, row, signal },
      identity: { agent: "bench", machine: "bench", incarnation: "bench" },
      boardId: BOARD,
      lazy: true,
      requested: () => undefined,
    });
    if ("raised" in ownership) throw new Error(`${job} could not be begun`);
    const engine = createEngine({
      plan: compile(SPEC),
      store: {},
      entries: [],
      bodies: BODIES,
      append: (changes) => ownership.append(changes),
      now: Date.now,
      random: Math.random,
      sleep: refuse,
      job,
    });
    const end = await engine.run();
    if (!("ended" in end) || end.ended !== "SUCCESS") throw new Error(`${job} did not succeed`);
  };
}
