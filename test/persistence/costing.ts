import type { JobFilter, Persistence } from "../../persistence/persistence.js";

/** A history of jobs that are over: ten flows, five agents, four states, one word in all names. */
export const STATES = ["SUCCESS", "REVERTED", "FAILURE", "CANCELLED"];
export const FLOWS = 10;
export const AGENTS = 5;
export const WORD = "nightly";

const PAGE = 20;
const ROUNDS = 30;

interface Cost {
  readonly filter: JobFilter;
  /** Medians of the first page. */
  readonly fewMs: number;
  readonly manyMs: number;
  /** What the server did for it, as far as `work` tells. */
  readonly fewWork: number;
  readonly manyWork: number;
}

/** How much a server has done so far. */
type Work = () => Promise<number>;

/** Job n is of flow n % 10, agent n % 5 and state n % 4: some combinations have no job at all. */
const FILTERS: readonly (readonly [JobFilter, jobs: number])[] = [
  [{}, PAGE],
  [{ states: ["FAILURE"] }, PAGE],
  [{ flow: "flow-3" }, PAGE],
  [{ agent: "agent-2" }, PAGE],
  [{ flow: "flow-3", states: ["REVERTED", "CANCELLED"] }, PAGE],
  [{ flow: "flow-3", agent: "agent-3" }, PAGE],
  [{ flow: "flow-3", agent: "agent-4" }, 0],
  [{ flow: "flow-3", agent: "agent-3", states: ["REVERTED"] }, PAGE],
  [{ since: 0 }, PAGE],
  [{ text: WORD }, PAGE],
  [{ text: `flow ${WORD}` }, PAGE],
  [{ text: WORD, states: ["FAILURE"] }, PAGE],
  [{ text: WORD, flow: "flow-3", agent: "agent-3" }, PAGE],
];

/** The first page under each filter from a short and from a long history. */
export async function costs(
  few: Persistence,
  many: Persistence,
  work: Work = () => Promise.resolve(0),
): Promise<readonly Cost[]> {
  const found: Cost[] = [];
  const worked = async (persistence: Persistence, filter: JobFilter): Promise<number> => {
    const before = await work();
    await persistence.jobs(filter, PAGE);
    return (await work()) - before;
  };
  for (const [filter, jobs] of FILTERS) {
    const [fewMs, manyMs]: [number[], number[]] = [[], []];
    // In turns, so that what else the machine does falls on both.
    for (let round = 0; round < ROUNDS; round += 1) {
      fewMs.push(await pageMs(few, filter, jobs));
      manyMs.push(await pageMs(many, filter, jobs));
    }
    const [fewWork, manyWork] = [await worked(few, filter), await worked(many, filter)];
    found.push({ filter, fewMs: median(fewMs), manyMs: median(manyMs), fewWork, manyWork });
  }
  return found;
}

async function pageMs(persistence: Persistence, filter: JobFilter, jobs: number): Promise<number> {
  const start = performance.now();
  const page = await persistence.jobs(filter, PAGE);
  const tookMs = performance.now() - start;
  if (page.jobs.length !== jobs) throw new Error(`a page of ${page.jobs.length}`);
  return tookMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Lines for people. */
export function tell(found: readonly Cost[]): string {
  return found
    .map(({ filter, fewMs, manyMs, fewWork, manyWork }) => {
      const [few, many, ratio] = [fewMs, manyMs, manyMs / fewMs].map((each) => each.toFixed(2));
      const rows = `${fewWork} -> ${manyWork} rows`;
      return `note: ${JSON.stringify(filter)} ${few} -> ${many} ms, x ${ratio}, ${rows}`;
    })
    .join("\n");
}
