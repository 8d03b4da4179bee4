import type { AttemptView, JobDetailView, NodeView, OwnerView } from "../../../common/wire.js";
import { shortId, took } from "../job-list.js";
import { dash, ellipsis, stateCell, stateText, type Style } from "../style.js";
import { clean, fit, padEnd, widthOf, wrap } from "../text.js";
import { age, between, clockTime, span, untilThen } from "../time.js";
import { retryText, type TreeLine, treeLines } from "../tree-lines.js";
import { failureText, storeText, valueText } from "../value.js";

/** Earlier attempts of one atom that are shown; the latest of them. */
const HISTORY_SHOWN = 5;
/** Lines that one fact may take; a result of megabytes is for `-o json`. */
const FACT_LINES = 4;
/** Where facts begin, behind their titles. */
const INDENT = 8;

/** `show JOB`: what it is, the tree of its atoms, who owned it. `now`: ms since 1970. */
export function renderJob(style: Style, job: JobDetailView, now: number): string {
  const sections = [
    header(style, job, now),
    renderTree(style, job.tree, now),
    footer(style, job, now),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function header(style: Style, job: JobDetailView, now: number): string {
  const title = [
    style.paint("bold", clean(`${job.flow} v${job.version}`)),
    stateText(style, job.state),
    job.id,
  ].join("   ");
  const label = job.name === job.flow ? [] : [fact(style, "name", clean(job.name))];
  const params = storeText(job.params);
  const reason = job.reason === undefined ? "" : `${job.reason.code}: ${job.reason.message}`;
  return [
    title,
    ...label,
    fact(style, "posted", postedText(job, now)),
    ...retryLines(style, job),
    ...optional(style, "params", params),
    ...optional(style, "needs", job.needs.map(clean).join(", ")),
    ...optional(style, "unique", job.uniqueKey === undefined ? "" : `key ${clean(job.uniqueKey)}`),
    ...slotLines(style, job),
    ...optional(style, "reason", clean(reason)),
    ...(job.reason?.details ?? []).map((line) => fact(style, "", clean(line))),
    ...optional(style, "next", nextText(job)),
  ].join("\n");
}

/** Of how many it is, or who has them while it waits. */
function slotLines(style: Style, { concurrency, waitsFor }: JobDetailView): readonly string[] {
  if (concurrency === undefined) return [];
  const key = clean(concurrency.key);
  if (waitsFor === undefined) {
    return [fact(style, "slots", `at most ${concurrency.limit} of ${key} at once`)];
  }
  const by = waitsFor.taken.map(shortId).join(", ");
  const taken = `${waitsFor.taken.length} of ${waitsFor.limit} taken by ${by}`;
  return [fact(style, "slots", `waits for a slot of ${key}: ${taken}`)];
}

function retryLines(style: Style, { retryOf, retriedBy = [] }: JobDetailView): readonly string[] {
  const of = retryOf === undefined ? [] : [`of ${retryOf}`];
  const by = retriedBy.length === 0 ? [] : [`by ${retriedBy.join(", ")}`];
  return optional(style, "retry", [...of, ...by].join(", "));
}

/** What only a person can do. */
function nextText({ id, state }: JobDetailView): string {
  if (state !== "SUSPENDED") return "";
  return `jobrunner resume ${shortId(id)} lets it go on, jobrunner cancel ${shortId(id)} ends it`;
}

function postedText(job: JobDetailView, now: number): string {
  const posted = `${age(between(job.postedAt, undefined, now))} ago via ${clean(job.postedVia)}`;
  const ended = job.endedAt === undefined ? [] : [`took ${took(job, now)}`];
  const due =
    job.runAt !== undefined && job.state === "SCHEDULED" ? Date.parse(job.runAt) : undefined;
  return [
    posted,
    ...ended,
    ...(due === undefined ? [] : [`runs in ${untilThen(due - now)}, at ${clockTime(due, now)}`]),
    ...startByText(job, now),
    ...(job.priority === 0 ? [] : [`priority ${job.priority}`]),
    ...(job.request === undefined ? [] : [`${job.request} asked for`]),
  ].join(", ");
}

/** Once it has begun, nobody waits for its start any more. */
export function startByText(
  { state, startBy }: Pick<JobDetailView, "state" | "startBy">,
  now: number,
): readonly string[] {
  if (startBy === undefined || (state !== "WAITING" && state !== "SCHEDULED")) return [];
  const at = Date.parse(startBy);
  return [`to be started in ${untilThen(at - now)}, by ${clockTime(at, now)}`];
}

function renderTree(style: Style, tree: NodeView, now: number): string {
  const lines = treeLines(style, tree);
  const labels = lines.map((line) => labelOf(style, line));
  const columns = {
    label: Math.max(...labels.map(widthOf)),
    state: columnOf(lines, ({ state }) => (state === undefined ? 0 : state.length)),
    owner: columnOf(lines, (node) => widthOf(clean(lastOf(node)?.agent ?? ""))),
  };
  return lines
    .flatMap((line, index) => [
      atomLine(style, line, { label: labels[index] ?? "", columns, now }),
      ...historyLines(style, line, now),
    ])
    .join("\n");
}

interface Columns {
  readonly label: number;
  readonly state: number;
  readonly owner: number;
}

function columnOf(lines: readonly TreeLine[], width: (node: NodeView) => number): number {
  return Math.max(0, ...lines.map(({ node }) => width(node)));
}

/** Branch, sign and name of a node. */
function labelOf(style: Style, { branch, node }: TreeLine): string {
  const rail = style.paint("dim", branch);
  if (node.kind === "flow") return `${rail}${node.pattern ?? "flow"} ${clean(node.name)}`;
  const { text, paint } = stateCell(style, node.state ?? "PENDING");
  return `${rail}${paint(text.split(" ")[0] ?? "")} ${clean(node.name)}`;
}

function atomLine(
  style: Style,
  { node, retry }: TreeLine,
  { label, columns, now }: { label: string; columns: Columns; now: number },
): string {
  if (node.kind === "flow") return retry === undefined ? label : `${label}   ${retryLine(retry)}`;
  const last = lastOf(node);
  const state = node.state ?? "PENDING";
  const parts = [
    padEnd(label, columns.label),
    padEnd(stateCell(style, state).paint(state), columns.state),
    padEnd(last === undefined ? dash(style) : clean(last.agent), columns.owner),
    last === undefined ? "" : spanOf(last, now),
  ];
  const fixed = parts.join("  ");
  const note = noteOf(node, last);
  if (note === "") return fixed.trimEnd();
  return `${fixed}  ${fit(note, style.columns - widthOf(fixed) - 2, ellipsis(style))}`.trimEnd();
}

function retryLine(retry: NodeView): string {
  const attempts = retry.attempts?.length ?? 0;
  return `retry ${retryText(retry)}${attempts > 1 ? `, attempt ${attempts}` : ""}`;
}

function noteOf(node: NodeView, last: AttemptView | undefined): string {
  const tries = node.attempts?.length ?? 0;
  const again = tries > 1 ? [`try ${tries}`] : [];
  const kept = node.kept === true ? ["kept"] : [];
  const failed = last?.failure === undefined ? [] : [failureText(last.failure)];
  return [...kept, ...again, ...progressText(node), ...failed].join("  ");
}

/** `50% copying`. */
function progressText({ progress }: NodeView): readonly string[] {
  if (progress === undefined) return [];
  const note = progress.note === undefined ? "" : ` ${clean(progress.note)}`;
  return [`${Math.floor(progress.fraction * 100)}%${note}`];
}

/** The attempts before the last one, under their atom. */
function historyLines(style: Style, line: TreeLine, now: number): readonly string[] {
  const earlier = (line.node.attempts ?? []).slice(0, -1);
  const hidden = style.wide ? 0 : Math.max(0, earlier.length - HISTORY_SHOWN);
  const latest = earlier.slice(hidden);
  const width = Math.max(0, ...latest.map(({ state }) => widthOf(stateText(style, state))));
  const shown = latest.map((attempt, index) => {
    const head = `${style.paint("dim", line.below)}#${hidden + index + 1} `;
    const at = clockTime(Date.parse(attempt.startedAt), now);
    const facts = `${clean(attempt.agent)}  ${at}  ${spanOf(attempt, now)}`;
    const fixed = `${head}${padEnd(stateText(style, attempt.state), width)}  ${facts}`;
    const note = attempt.failure === undefined ? "" : failureText(attempt.failure);
    return `${fixed}  ${fit(note, style.columns - widthOf(fixed) - 2, ellipsis(style))}`.trimEnd();
  });
  if (hidden === 0) return shown;
  return [`${style.paint("dim", line.below)}${hidden} earlier attempts`, ...shown];
}

function footer(style: Style, job: JobDetailView, now: number): string {
  const failures = job.failures.map(
    ({ atom, failure }) => `${clean(atom)}: ${failureText(failure)}`,
  );
  const counters = retryResults(job.tree);
  const outputs = Object.entries(job.outputs ?? {})
    .filter(([symbol]) => !counters.has(symbol))
    .map(([symbol, value]) => `${clean(symbol)}=${valueText(value)}`);
  return [
    ...(job.state === "FAILURE"
      ? [fact(style, "state", "something is not undone: a person must look")]
      : []),
    ...failures.map((text) => fact(style, "failure", text)),
    ...outputs.map((text) => fact(style, "output", text)),
    ...ownerLines(style, job.owners, now),
  ].join("\n");
}

/** What retries hand out is the number of their attempts: nothing that a flow is run for. */
function retryResults(node: NodeView): ReadonlySet<string> {
  const own = node.kind === "retry" ? [`${node.name}.result`] : [];
  return new Set([...own, ...(node.children ?? []).flatMap((child) => [...retryResults(child)])]);
}

function ownerLines(style: Style, owners: readonly OwnerView[], now: number): readonly string[] {
  const width = Math.max(...owners.map(({ agent }) => widthOf(clean(agent))));
  return owners.map((owner) => {
    const agent = padEnd(clean(owner.agent), width);
    const since = clockTime(Date.parse(owner.since), now);
    const open = owner.ended === "silent" ? "?" : "now";
    const until = owner.until === undefined ? open : clockTime(Date.parse(owner.until), now);
    const ended = owner.ended === undefined ? "" : ` (${ENDED[owner.ended] ?? owner.ended})`;
    return fact(style, "owner", `${agent}  ${since} ${dash(style)} ${until}${ended}`);
  });
}

/** How an ownership ended, in words. */
const ENDED: Readonly<Record<string, string>> = {
  outcome: "ended the job",
  handover: "handed over",
  parked: "parked the job",
  suspended: "suspended it when asked",
  "runner-died": "its runner died",
  "runner-died-alone": "its runner died with this job alone",
  lost: "lost it",
  "given-back": "gave it back",
  failed: "met an unexpected error",
  released: "somebody took it",
  // The view's own word: such an owner could note nothing.
  silent: "not heard of",
};

function fact(style: Style, title: string, text: string): string {
  const head = `${style.paint("dim", title.padEnd(INDENT - 1))} `;
  const columns = style.columns - INDENT;
  if (columns === Infinity) return head + text;
  // One line more than is shown tells whether there is more: no need to break megabytes.
  const lines = wrap(text.slice(0, columns * (FACT_LINES + 1)), columns);
  const shown = lines.slice(0, FACT_LINES);
  const rest = lines.slice(FACT_LINES - 1).join(" ");
  if (lines.length > FACT_LINES) shown[FACT_LINES - 1] = fit(rest, columns, ellipsis(style));
  return head + shown.join(`\n${" ".repeat(INDENT)}`);
}

function optional(style: Style, title: string, text: string): readonly string[] {
  return text === "" ? [] : [fact(style, title, text)];
}

function lastOf(node: NodeView): AttemptView | undefined {
  return node.attempts?.at(-1);
}

function spanOf(attempt: AttemptView, now: number): string {
  const length = span(between(attempt.startedAt, attempt.endedAt, now));
  return attempt.endedAt === undefined ? `${length} so far` : length;
}
