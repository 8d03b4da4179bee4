import type { Json } from "../../common/json.js";
import { cone } from "../apply.js";
import { lookUp, NOT_STARTED } from "../args.js";
import type { CallHooks } from "../bodies.js";
import type { AtomNode } from "../compile/node.js";
import type { Step } from "../decide.js";
import { backoffMs, type BuiltIn, nextValue } from "../retry.js";
import { type AtomRecord, recordOf } from "../state.js";
import type { Desk } from "./desk.js";
import { executeInfo, type Occasion, retryInfo, retryRevertInfo, revertInfo } from "./infos.js";
import { moveTo, settle } from "./outcome.js";
import { vote } from "./asking/votes.js";

/**
 * Starts the steps of one wave: what they enter, then what the engine answers itself, then (once
 * all that is durable) their bodies.
 */
export function startAll(desk: Desk, wave: readonly Step[]): void {
  const again = wave.flatMap((step) =>
    step.step !== "vote" && step.step !== "attempt" && step.again && hasBody(desk, step)
      ? step.atom.name
      : [],
  );
  if (again.length > 0) desk.emit({ change: "again", atoms: again });
  const begun = wave.filter((step) => begin(desk, step));
  for (const step of begun) {
    if (step.step === "revert") revert(desk, step.atom, step.again);
    else execute(desk, step.atom, step.step === "execute" && step.again);
  }
}

/** Enters the state of the step; false when there is nothing to run yet. */
function begin(desk: Desk, step: Step): boolean {
  switch (step.step) {
    case "vote":
      vote(desk, step.atom);
      return false;
    case "execute":
      if (!step.again) moveTo(desk, step.atom, "RUNNING");
      return true;
    case "revert":
      if (!step.again) moveTo(desk, step.atom, "REVERTING");
      return true;
    case "attempt":
      return beginAttempt(desk, step.atom);
  }
}

/** The controller, when the engine itself answers for it. */
export function builtInOf(atom: AtomNode): BuiltIn | undefined {
  const { spec } = atom;
  return spec.kind === "retry" && spec.controller.type !== "custom" ? spec.controller : undefined;
}

function hasBody(desk: Desk, step: Extract<Step, { again: boolean }>): boolean {
  if (builtInOf(step.atom) !== undefined) return false;
  return step.step === "execute" || !hasNothingToRevert(recordOf(desk.state, step.atom));
}

function execute(desk: Desk, atom: AtomNode, again: boolean): void {
  const record = recordOf(desk.state, atom);
  const found = lookUp(desk, atom);
  const controller = builtInOf(atom);
  if (!found.found) settle(desk, atom, { ok: false, failure: found.failure });
  else if (controller === undefined) call(desk, record, { job: desk.job, args: found.args, again });
  else {
    const question = { controller, history: record.history, args: found.args };
    settle(desk, atom, nextValue(question));
  }
}

function call(desk: Desk, record: AtomRecord, occasion: Occasion): void {
  const { bodies } = desk;
  if (record.atom.kind === "retry") {
    const info = retryInfo(record, occasion);
    return launch(desk, record, (hooks) => bodies.retryExecute(info, hooks));
  }
  const info = executeInfo(record, occasion);
  launch(desk, record, (hooks) => bodies.execute(info, hooks));
}

function launch(
  desk: Desk,
  { atom, state }: AtomRecord,
  invoke: (hooks: CallHooks) => Promise<Json>,
): void {
  const timeoutMs = atom.spec.kind === "task" ? atom.spec.timeoutMs : undefined;
  desk.launch({ atom, reverting: state === "REVERTING", timeoutMs, invoke });
}

function revert(desk: Desk, atom: AtomNode, again: boolean): void {
  const record = recordOf(desk.state, atom);
  if (hasNothingToRevert(record)) return settle(desk, atom, { ok: true, value: null });
  const found = lookUp(desk, atom, atom.revertArgs);
  if (!found.found) return settle(desk, atom, { ok: false, failure: found.failure });
  callRevert(desk, record, { job: desk.job, args: found.args, again });
}

function callRevert(desk: Desk, record: AtomRecord, occasion: Occasion): void {
  const { bodies, state } = desk;
  if (record.atom.kind === "retry") {
    const info = retryRevertInfo(state, record, occasion);
    return launch(desk, record, (hooks) => bodies.retryRevert(info, hooks));
  }
  const info = revertInfo(state, record, occasion);
  launch(desk, record, (hooks) => bodies.revert(info, hooks));
}

function hasNothingToRevert({ atom: { spec }, failed, failure }: AtomRecord): boolean {
  if (failed && failure?.code === NOT_STARTED) return true;
  if (spec.kind === "task") return spec.reverts === false;
  return spec.controller.type !== "custom" || spec.reverts !== true;
}

/** The next attempt of a retry: its back-off, then everything after it is PENDING again. */
function beginAttempt(desk: Desk, atom: AtomNode): boolean {
  const record = recordOf(desk.state, atom);
  const until = dueAt(desk, record);
  if (until > desk.now()) {
    desk.wake(atom, until);
    return false;
  }
  if (record.state !== "RETRYING") moveTo(desk, atom, "RETRYING");
  const atoms: string[] = [];
  for (const inside of cone(desk.plan, desk.state, atom)) {
    if (inside.state !== "PENDING") atoms.push(inside.atom.name);
  }
  desk.emit({ change: "reset", retry: atom.name, atoms });
  moveTo(desk, atom, "RUNNING");
  return true;
}

/** When the attempt may start, ms since 1970. The first time it is asked it becomes an entry. */
function dueAt(desk: Desk, record: AtomRecord): number {
  if (record.until !== undefined) return record.until;
  const { spec, name } = record.atom;
  if (spec.kind !== "retry" || spec.backoff === undefined) return 0;
  const delayMs = backoffMs(spec.backoff, record.history.length, desk.random());
  if (delayMs <= 0) return 0;
  const until = desk.now() + delayMs;
  desk.emit({ change: "wait", retry: name, until });
  return until;
}
