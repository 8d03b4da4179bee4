import { type ContextLinks, createContext } from "../../../agent/runner/host/body-context.js";
import { callBody, callDecider } from "../../../agent/runner/host/call.js";
import type { BodyCall } from "../../../agent/runner/messages.js";
import { JobrunnerError } from "../../../common/error.js";
import type { Json, Store } from "../../../common/json.js";
import type { Bodies, CallHooks } from "../../../engine/bodies.js";
import type { Decision } from "../../../engine/journal.js";
import type { Context } from "../../context.js";
import type { BodyTable, TaskBody } from "../../node.js";
import type { Activity } from "../time/activity.js";
import type { TestBody, TestOptions } from "../options.js";
import type { TestRecord } from "./record.js";
import type { Script } from "./script.js";
import type { TestClock } from "../time/test-clock.js";

/** One owner, as its bodies see it. */
export interface BodyOwner {
  readonly job: string;
  readonly agent: string;
  readonly table: BodyTable;
  readonly options: TestOptions;
  readonly script: Script;
  readonly record: TestRecord;
  readonly clock: TestClock;
  readonly activity: Activity;
  /** True once it is dead: what its bodies still do concerns nobody. */
  dead(): boolean;
  /** Ends it now; the answer is thrown by the body. */
  die(why: string): Error;
  cancel(revert: boolean): Promise<void>;
}

/** The author's bodies, called as a runner calls them, with the script's events around them. */
export function toBodies(owner: BodyOwner): Bodies {
  const call = (asked: BodyCall, hooks: CallHooks): Promise<unknown> =>
    owner.activity.working(asked.call.atom, (asleep) => {
      const context = toContext(owner, { asked, hooks, asleep });
      return asked.body === "onFailure"
        ? callBody(owner.table, asked, context)
        : perform(owner, asked, context);
    });
  return {
    execute: (info, hooks) => call({ body: "execute", call: info }, hooks) as Promise<Json>,
    revert: (info, hooks) => call({ body: "revert", call: info }, hooks) as Promise<Json>,
    retryExecute: (info, hooks) =>
      call({ body: "retryExecute", call: info }, hooks) as Promise<Json>,
    retryRevert: (info, hooks) => call({ body: "retryRevert", call: info }, hooks) as Promise<Json>,
    onFailure: (info, hooks) => call({ body: "onFailure", call: info }, hooks) as Promise<Decision>,
    decide: (vote) => owner.activity.working(vote.decider, () => callDecider(owner.table, vote)),
  };
}

async function perform(
  owner: BodyOwner,
  asked: Exclude<BodyCall, { body: "onFailure" }>,
  context: Context,
): Promise<unknown> {
  const { script, record, agent } = owner;
  const { atom } = asked.call;
  const part = partOf(asked);
  record.begin(part, agent, asked.call);
  const cancel = script.cancels(part, atom);
  if (cancel !== undefined) await owner.cancel(cancel.revert);
  const ended = run(owner, asked, context);
  await Promise.allSettled([ended]);
  // The dead do not tell how their body ended.
  if (owner.dead() || !script.killsIn(part, atom)) return ended;
  throw owner.die(`in ${part} of "${atom}", before its outcome was stored`);
}

async function run(
  { script, table, options }: BodyOwner,
  asked: Exclude<BodyCall, { body: "onFailure" }>,
  context: Context,
): Promise<unknown> {
  const { atom } = asked.call;
  const mishap = script.mishap(partOf(asked), atom);
  if (mishap !== undefined) throw mishap;
  return callBody(replaced(table, atom, options), asked, context);
}

function partOf({ body }: BodyCall): "execute" | "revert" {
  return body === "execute" || body === "retryExecute" ? "execute" : "revert";
}

/** The table with the other body of this atom that the test gives, if it does. */
function replaced(table: BodyTable, atom: string, { bodies = {} }: TestOptions): BodyTable {
  const own = table.tasks.get(atom);
  const given = Object.hasOwn(bodies, atom) ? bodies[atom] : undefined;
  if (own === undefined || given === undefined) return table;
  const { execute, revert } = typeof given === "function" ? { execute: given } : given;
  const read = own.read ?? ((args: Store) => args);
  const call = (body: TestBody, args: Store, ctx: Context): unknown =>
    body(read(args) as Readonly<Record<string, Json>>, ctx);
  const body: TaskBody = {
    ...own,
    ...(execute !== undefined && { execute: (args, ctx) => call(execute, args, ctx) }),
    ...(revert !== undefined && { revert: (args, _undo, ctx) => call(revert, args, ctx) }),
  };
  return { ...table, tasks: new Map(table.tasks).set(atom, body) };
}

interface Occasion {
  readonly asked: BodyCall;
  readonly hooks: CallHooks;
  asleep(wait: Promise<void>): Promise<void>;
}

function toContext(owner: BodyOwner, { asked, hooks, asleep }: Occasion): Context {
  const { record, clock, activity } = owner;
  const { atom } = asked.call;
  const { signal } = hooks;
  const links: ContextLinks = {
    job: owner.job,
    agent: owner.agent,
    signal,
    log: (line) => {
      activity.beat();
      if (!owner.dead()) record.logs.push(`${atom}: ${line}`);
    },
    progress: (fraction, note) => {
      activity.beat();
      hooks.progress(fraction, note);
    },
    save: (value) => activity.storing(() => hooks.saved(value)),
    sleep: async (ms) => {
      signal.throwIfAborted();
      await asleep(clock.sleep(ms, signal));
      signal.throwIfAborted();
    },
    stop: () => undefined,
    run: async ({ command, args }, onLine) => {
      const { commands } = owner.options;
      if (commands === undefined) throw noCommands(atom, command);
      const output = await commands({ atom, command, args, signal });
      if (typeof output === "string") for (const line of output.split("\n")) onLine?.(line);
    },
  };
  return createContext(asked.call, links);
}

function noCommands(atom: string, command: string): JobrunnerError {
  const message = `"${atom}" runs the command ${command}; tests of flows run no commands.`;
  return new JobrunnerError("USAGE", `${message} Answer it with the option "commands".`);
}
