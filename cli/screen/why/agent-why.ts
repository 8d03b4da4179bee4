import type { RequirementView } from "../../../common/wire.js";
import type { AgentJobsView, WaitingView } from "../../../common/wire/agent-why.js";
import { shortId } from "../job-list.js";
import { type Style } from "../style.js";
import { renderTabs } from "../table.js";
import { clean, wrap } from "../text.js";
import { age, between } from "../time.js";
import { countText } from "./why.js";

/** `why --agent A`: the jobs that wait and what keeps A from each of them. */
export function renderAgentWhy(style: Style, view: AgentJobsView, now: number): string {
  if (!style.tty) return renderTabs(plainRows(view));
  return [
    headline(style, view),
    ...view.items.filter(({ able }) => !able).map((item) => refused(style, item, now)),
    ...(view.nextCursor === undefined ? [] : ["Older ones wait, too: --limit looks at more."]),
  ].join("\n\n");
}

/** For programs: what keeps it from all jobs, then each thing that is missing for each job. */
function plainRows({ agent, able, missing, items }: AgentJobsView) {
  const rows = [
    [agent, "*", able ? "takes jobs" : "takes none", able ? "yes" : "no", "", ""],
    ...missing.map((each) => [agent, "*", ...cells(each)]),
    ...items.flatMap((item) => [
      [agent, item.job.id, item.job.flow, item.able ? "yes" : "no", "", ""],
      ...item.missing.map((each) => [agent, item.job.id, ...cells(each)]),
    ]),
  ];
  return rows.map((row) => row.map((text) => ({ text })));
}

function cells({ what, verdict, observed = "", needed = "" }: RequirementView): readonly string[] {
  return [what, verdict, observed, needed];
}

function headline(style: Style, { agent, able, missing, items }: AgentJobsView): string {
  const name = style.paint("bold", clean(agent));
  const fit = items.filter((item) => item.able).length;
  const waiting = items.length === 1 ? "one job waits" : `${String(items.length)} jobs wait`;
  const summary =
    items.length === 0 ? "No job waits." : `${waiting}, of which ${String(fit)} would fit.`;
  if (able) return `${name} takes jobs. ${summary}`;
  return [`${name} takes no job now. ${summary}`, ...missing.map((each) => line(style, each))].join(
    "\n",
  );
}

function refused(style: Style, { job, missing }: WaitingView, now: number): string {
  const since = age(between(job.postedAt, undefined, now));
  const subject = style.paint("bold", `${clean(job.flow)} ${shortId(job.id)}`);
  const heading = `${subject}   posted ${since} ago, ${countText(missing.length)} short`;
  return [heading, ...missing.map((each) => line(style, each))].join("\n");
}

function line(style: Style, { what, observed = "no", needed, help }: RequirementView): string {
  const more = needed === undefined || needed === what ? "" : `; needed: ${needed}`;
  const helps = help === undefined ? "" : `; what would help: ${help}`;
  const text = clean(`${what}: ${observed}${more}${helps}`);
  return wrap(text, style.columns - 4)
    .map((part, index) => `${index === 0 ? "  " : "    "}${part}`)
    .join("\n");
}
