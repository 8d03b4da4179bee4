import type { EventView } from "../../../common/wire/events.js";
import { shortId } from "../../screen/job-list.js";
import { stateText, type Style } from "../../screen/style.js";
import { clean, padEnd } from "../../screen/text.js";
import { clockTime } from "../../screen/time.js";

/** Columns of the longest type, and of a short id. */
const TYPE_COLUMNS = "agent.unreachable".length;
const ID_COLUMNS = 8;

/** One event as it is printed: aligned for people, with tabs and whole ids for programs. */
export function eventLine(style: Style, event: EventView, now: number): string {
  return style.tty && !style.wide ? forPeople(style, event, now) : forPrograms(event);
}

function forPeople(style: Style, event: EventView, now: number): string {
  const { at, type, job, agent = "" } = event;
  const time = style.paint("dim", clockTime(Date.parse(at), now));
  const id = padEnd(job === undefined ? "" : shortId(job), ID_COLUMNS);
  // Agents have states of their own, without colours.
  const isOfAgent = type === "agent.state";
  const words = wordsOf(event, (state) => (isOfAgent ? state : stateText(style, state)));
  return [time, padEnd(type, TYPE_COLUMNS), id, clean(agent), ...words].join("  ").trimEnd();
}

function forPrograms(event: EventView): string {
  const { at, type, job = "-", agent = "-" } = event;
  return [at, type, job, clean(agent), wordsOf(event, (state) => state).join(" ")].join("\t");
}

/** What else it says, in the order in which a person asks: what of, where to, how, why. */
function wordsOf(event: EventView, paint: (state: string) => string): readonly string[] {
  const { flow, name, version, atom, retry, decision, request, until, fraction } = event;
  const { priority, count } = event;
  const isAboutFlow = event.type === "job.posted" || event.type.startsWith("flow.");
  const words = [
    ...(isAboutFlow ? [flow, version === undefined ? undefined : `v${version}`] : []),
    ...(name === flow ? [] : [name]),
    ...[atom, retry === undefined ? undefined : `by ${retry}`, decision, request],
    ...[priority === undefined ? undefined : `priority ${priority}`],
    ...[count === undefined ? undefined : `${count} jobs`],
  ];
  const reasons = [
    ...[until === undefined ? undefined : `until ${until}`, percent(fraction)],
    ...[event.note, event.reason, event.file, event.failure?.message],
  ];
  return [...cleaned(words), ...moved(event, paint), ...cleaned(reasons)];
}

/** States are ours: painting them is not undone. */
function moved({ from, to }: EventView, paint: (state: string) => string): readonly string[] {
  if (to === undefined) return [];
  const after = typeof to === "number" ? `v${to}` : paint(clean(to));
  if (from === undefined) return [after];
  return [`${typeof from === "number" ? `v${from}` : clean(from)} -> ${after}`];
}

function percent(fraction: number | undefined): string | undefined {
  return fraction === undefined ? undefined : `${Math.floor(fraction * 100)}%`;
}

function cleaned(words: readonly (string | undefined)[]): readonly string[] {
  return words.flatMap((word) => (word === undefined || word === "" ? [] : [clean(word)]));
}
