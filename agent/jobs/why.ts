import { formatClause, isEnded, type Needs } from "../../common/job.js";
import type { AgentWhyView, JobView, ObstacleView, WhyView } from "../../common/wire.js";
import type { JobRow, Ownership } from "../../persistence/persistence.js";
import { waitsFor, waitsForText } from "./controls/slots.js";
import type { JobsOptions } from "./options.js";
import { noSuchJob, resolveId } from "./resolve.js";
import { isSilent } from "../owner/silent.js";
import { ownersAmong } from "./verbs/viewing.js";
import { toJobView } from "./views.js";

/** How a job stands, whatever agents say of it. */
export interface Standing extends Omit<WhyView, "agents" | "possible" | "closest" | "needs"> {
  /** What it needs of an agent. */
  readonly requires: Needs;
  readonly over: boolean;
}

export async function standingOf(options: JobsOptions, part: string): Promise<Standing> {
  const { persistence, board } = options;
  const id = await resolveId(persistence, part);
  const row = await persistence.job(id);
  if (row === undefined) throw noSuchJob(id);
  const ownerships = ownersAmong(await persistence.ownerships(id));
  const now = await persistence.now();
  const owner = ownerOf(row, ownerships);
  const lost = await isSilent(options, row, owner);
  const agent = ownerships.at(-1)?.agent;
  const job = toJobView(agent === undefined ? row : { ...row, agent }, now);
  const waiting = await waitsFor(persistence, row);
  const slots = waiting === undefined ? [] : [{ why: `it ${waitsForText(waiting)}` }];
  return {
    job,
    ...(owner === undefined ? {} : { owner: owner.agent, leaseMs: board.traits.leaseMs }),
    ...(owner !== undefined && lost ? { trouble: leftText(owner) } : {}),
    ...{
      requires: row.needs,
      over: isEnded(row.state),
      obstacles: [...obstaclesOf(job), ...slots],
    },
  };
}

/** What follows from how it stands and from what agents say. */
export function concluded(standing: Standing, agents: readonly AgentWhyView[]): WhyView {
  const { requires, over, ...told } = standing;
  const able = told.obstacles.length === 0 && agents.some((each) => each.able);
  const worked = told.owner !== undefined && told.trouble === undefined;
  const needs = requires.clauses.map(formatClause);
  return { ...told, needs, possible: over || worked || able, agents };
}

function leftText({ agent }: Ownership): string {
  return `${agent}, which owned it, is gone and its claim has ended: an able agent goes on.`;
}

/** Who works on it now, as far as persistence knows: nobody saw that one leave. */
function ownerOf({ state }: JobRow, ownerships: readonly Ownership[]): Ownership | undefined {
  const last = ownerships.at(-1);
  const running = state === "RUNNING" || state === "REVERTING";
  return running && last?.ended === undefined ? last : undefined;
}

/** What keeps every agent from the job, however able. */
function obstaclesOf({ state, runAt, reason }: JobView): readonly ObstacleView[] {
  if (state === "SCHEDULED") return [{ why: `it is not due before ${runAt}` }];
  if (reason?.code === "EXPIRED") return [{ why: `it ended unstarted: ${reason.message}` }];
  if (state !== "SUSPENDED") return [];
  const why = reason === undefined ? "" : `, parked as ${reason.code}: ${reason.message}`;
  return [{ why: `it is suspended${why}` }];
}
