import { callBody, callDecider } from "../../agent/runner/host/call.js";
import { createContext } from "../../agent/runner/host/body-context.js";
import type { BodyCall } from "../../agent/runner/messages.js";
import type { Json } from "../../common/json.js";
import type { Bodies, CallHooks } from "../../engine/bodies.js";
import { createEngine, type EngineEnd } from "../../engine/engine.js";
import type { Change, Entry } from "../../engine/journal.js";
import { compile } from "../../engine/plan.js";
import type { FlowDefinition } from "../../sdk/define-flow.js";
import type { BodyTable } from "../../sdk/node.js";

export interface FlowRun {
  readonly end: EngineEnd;
  readonly changes: readonly Change[];
  /** The last result of each atom that has one. */
  readonly results: Readonly<Record<string, Json>>;
  /** Lines of `ctx.log`, as `<atom>: <line>`. */
  readonly lines: readonly string[];
  /** The last state of each atom. */
  readonly states: Readonly<Record<string, string>>;
}

/** Runs a flow in this process: the real engine and the real bodies, with the journal in memory. */
export async function runFlow(flow: FlowDefinition, params: Json = {}): Promise<FlowRun> {
  const prepared = flow.prepare(params);
  const { spec, bodies } = flow.assemble(prepared.params);
  const entries: Entry[] = [];
  const lines: string[] = [];
  let now = 0;
  const engine = createEngine({
    plan: compile(spec),
    store: prepared.params,
    entries: [],
    bodies: toBodies(bodies, lines),
    async append(changes) {
      entries.push({ seq: entries.length + 1, token: 1, at: 0, changes });
    },
    // Time passes by waiting for it: an engine that looks at the clock again sees that it is over.
    now: () => now,
    random: () => 0,
    sleep: async (ms) => void (now += Math.max(ms, 0)),
    job: "job",
  });
  const end = await engine.run();
  const changes = entries.flatMap((entry) => entry.changes);
  return { end, changes, lines, ...lastOf(changes) };
}

function lastOf(changes: readonly Change[]) {
  const results: Record<string, Json> = {};
  const states: Record<string, string> = {};
  for (const change of changes) {
    if (change.change === "ignore") for (const atom of change.atoms) states[atom] = "IGNORE";
    if (change.change !== "atom") continue;
    states[change.atom] = change.to;
    if (change.result !== undefined) results[change.atom] = change.result;
  }
  return { results, states };
}

function toBodies(table: BodyTable, lines: string[]): Bodies {
  const call = (asked: BodyCall, hooks: CallHooks): Promise<unknown> => {
    const { atom } = asked.call;
    const context = createContext(asked.call, {
      job: "job",
      agent: "alpha",
      signal: hooks.signal,
      log: (line) => lines.push(`${atom}: ${line}`),
      progress: (fraction, note) => hooks.progress(fraction, note),
      save: (value) => hooks.saved(value),
      stop: () => undefined,
      run: () => Promise.reject(new Error("no commands here")),
    });
    return callBody(table, asked, context);
  };
  return {
    execute: (info, hooks) => call({ body: "execute", call: info }, hooks) as Promise<Json>,
    revert: (info, hooks) => call({ body: "revert", call: info }, hooks) as Promise<Json>,
    retryExecute: (info, hooks) => {
      return call({ body: "retryExecute", call: info }, hooks) as Promise<Json>;
    },
    retryRevert: (info, hooks) => call({ body: "retryRevert", call: info }, hooks) as Promise<Json>,
    onFailure: (info, hooks) => call({ body: "onFailure", call: info }, hooks) as Promise<"RETRY">,
    decide: (decider, _target, results) => callDecider(table, decider, results),
  };
}
