import type { AttemptView, JobDetailView, NodeView } from "../../../common/wire.js";
import { shortId } from "../job-list.js";
import { stateText, type Style } from "../style.js";
import { clean, padEnd } from "../text.js";
import { between, span } from "../time.js";
import { failureText } from "../value.js";

/** Columns of the longest state that is seen often. */
const STATE_COLUMNS = "↩ REVERTING".length;

interface Told {
  /** Starts of its body that were told. */
  readonly count: number;
  readonly state: string;
}

/** A job that is followed line by line: for logs, and whatever else cannot be drawn again. */
export class Progress {
  readonly #atoms = new Map<string, Told>();
  #owners = 0;
  #state: JobDetailView["state"] | undefined;

  /** What has changed since the last look, a line for each step. */
  lines(style: Style, job: JobDetailView): readonly string[] {
    const lines = [
      ...this.#newOwners(job),
      ...this.#turn(style, job),
      ...inOrder(tasksOf(job.tree).flatMap((task) => this.#changes(style, task))),
    ];
    return lines.map((line) => `${shortId(job.id)}  ${line}`);
  }

  #newOwners({ owners, postedAt, runAt = postedAt }: JobDetailView): readonly string[] {
    const fresh = owners.slice(this.#owners).map(({ agent, since }, index) => {
      if (this.#owners + index > 0) return `taken over by ${clean(agent)}`;
      const due = runAt > postedAt ? runAt : postedAt;
      return `claimed by ${clean(agent)} after ${span(between(due, since, 0))}`;
    });
    this.#owners = owners.length;
    return fresh;
  }

  /** The way back, or back to where it waits; that it runs is told by its owner. */
  #turn(style: Style, { state }: JobDetailView): readonly string[] {
    const before = this.#state;
    this.#state = state;
    const isTurn = state === "REVERTING" || state === "WAITING";
    return before !== undefined && before !== state && isTurn ? [stateText(style, state)] : [];
  }

  #changes(style: Style, task: NodeView): readonly Step[] {
    const { name, attempts = [], state = "PENDING", kept } = task;
    const last = attempts.at(-1)?.state ?? state;
    const told = this.#atoms.get(name);
    if (kept === true || last === "PENDING") return [];
    if (told?.count === attempts.length && told.state === last) return [];
    this.#atoms.set(name, { count: attempts.length, state: last });
    if (attempts.length === 0) return [{ at: "", text: headText(style, name, state) }];
    const from = firstNew(attempts, told);
    return attempts.slice(from).map((attempt, index) => {
      const { startedAt, endedAt = startedAt } = attempt;
      return { at: endedAt, text: stepText(style, name, attempt, from + index + 1) };
    });
  }
}

interface Step {
  /** Empty for what was never begun. */
  readonly at: string;
  readonly text: string;
}

/** As it happened, not as the tree has it: reverts come backwards. */
function inOrder(steps: readonly Step[]): readonly string[] {
  return steps.toSorted((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))).map(({ text }) => text);
}

/** Of starts before the first look only the last one; later each that was missed. */
function firstNew(attempts: readonly AttemptView[], told: Told | undefined): number {
  if (told === undefined) return attempts.length - 1;
  const isSame = attempts[told.count - 1]?.state === told.state;
  return isSame ? told.count : Math.max(0, told.count - 1);
}

function headText(style: Style, name: string, state: string): string {
  return `${padEnd(stateText(style, state), STATE_COLUMNS)}  ${clean(name)}`;
}

function stepText(style: Style, name: string, attempt: AttemptView, number: number): string {
  const { state, agent, startedAt, endedAt, failure } = attempt;
  return [
    ...[headText(style, name, state), clean(agent)],
    ...(endedAt === undefined ? [] : [span(between(startedAt, endedAt, 0))]),
    ...(number > 1 ? [`try ${number}`] : []),
    ...(failure === undefined ? [] : [failureText(failure)]),
  ].join("  ");
}

/** Retries are told by the tasks that they start anew. */
function tasksOf(node: NodeView): readonly NodeView[] {
  if (node.kind === "task") return [node];
  return (node.children ?? []).flatMap(tasksOf);
}
