import { expect, it } from "vitest";
import type { JobState } from "../../../common/job.js";
import type { JobFilter, Persistence } from "../../../persistence/persistence.js";
import type { OpenPersistence } from "./subject.js";
import { appended, appendOf, newJob, owned, posted } from "../samples.js";

/** All ids under a filter, read in pages of `size`. */
async function pages(
  persistence: Persistence,
  filter: JobFilter,
  size: number,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await persistence.jobs(filter, size, cursor);
    expect(page.jobs.length).toBeLessThanOrEqual(size);
    ids.push(...page.jobs.map(({ id }) => id));
    if (page.next === undefined) return ids;
    cursor = page.next;
  }
}

const DAY_MS = 86_400_000;

interface Sample {
  readonly id: string;
  readonly flow: string;
  readonly agent: string;
  readonly state: JobState;
}

const STATES: readonly JobState[] = ["SUCCESS", "REVERTED", "RUNNING", "FAILURE"];

/** 24 jobs over two flows, three agents and four states, oldest first. */
async function samples(persistence: Persistence): Promise<readonly Sample[]> {
  const made: Sample[] = [];
  for (let index = 0; index < 24; index += 1) {
    const flow = index % 2 === 0 ? "even" : "odd";
    const agent = `agent-${index % 3}`;
    const state = STATES[index % 4] ?? "RUNNING";
    const needs = { protocol: 1, flow, version: 1, clauses: [] };
    const { id } = await posted(persistence, newJob({ needs }));
    const owner = await owned(persistence, id, { agent });
    await appended(persistence, appendOf(owner, 1, { state }));
    made.unshift({ id, flow, agent, state });
  }
  return made;
}

export function testListing(open: OpenPersistence): void {
  it("lists jobs newest first, page by page, none twice and none left out", async () => {
    const { persistence } = await open();
    const expected = (await samples(persistence)).map(({ id }) => id);

    expect(await pages(persistence, {}, 7)).toEqual(expected);
    expect(await pages(persistence, {}, 24)).toEqual(expected);
    expect(await pages(persistence, {}, 100)).toEqual(expected);
  });

  const filters: readonly [string, JobFilter, (sample: Sample) => boolean][] = [
    ["one state", { states: ["FAILURE"] }, ({ state }) => state === "FAILURE"],
    [
      "several states",
      { states: ["SUCCESS", "RUNNING"] },
      ({ state }) => state === "SUCCESS" || state === "RUNNING",
    ],
    ["a flow", { flow: "odd" }, ({ flow }) => flow === "odd"],
    ["an agent", { agent: "agent-2" }, ({ agent }) => agent === "agent-2"],
    [
      "a flow, an agent and a state",
      { flow: "even", agent: "agent-1", states: ["RUNNING"] },
      ({ flow, agent, state }) => flow === "even" && agent === "agent-1" && state === "RUNNING",
    ],
    ["no state at all", { states: [] }, () => false],
    ["a flow nobody posted", { flow: "none" }, () => false],
  ];

  it.each(filters)("lists the jobs of %s in pages", async (_name, filter, fits) => {
    const { persistence } = await open();
    const expected = (await samples(persistence)).filter(fits).map(({ id }) => id);

    expect(await pages(persistence, filter, 2)).toEqual(expected);
  });

  const texts: readonly [string, readonly string[]][] = [
    ["nightly", ["nightly backup", "Nightly-Backup of NAS-1"]],
    ["BACKUP nas", ["Nightly-Backup of NAS-1"]],
    ["report", ["weekly"]], // The word is the flow's.
    ["night", []],
    ["%", []],
    ["übung", ["Übung"]],
  ];

  it.each(texts)("finds jobs by the text %j, newest first", async (text, names) => {
    const { persistence } = await open();
    for (const name of ["Nightly-Backup of NAS-1", "nightly backup", "Übung"]) {
      await posted(persistence, newJob({ name }));
    }
    const needs = { protocol: 1, flow: "report", version: 1, clauses: [] };
    await posted(persistence, newJob({ name: "weekly", needs }));

    const { jobs } = await persistence.jobs({ text }, 10);

    expect(jobs.map(({ name }) => name)).toEqual(names);
  });

  it("finds jobs by a text and other filters, in pages", async () => {
    const { persistence } = await open();
    const expected = (await samples(persistence))
      .filter(({ flow, state }) => flow === "even" && state === "RUNNING")
      .map(({ id }) => id);

    expect(await pages(persistence, { text: "EVEN", states: ["RUNNING"] }, 2)).toEqual(expected);
    expect(await pages(persistence, { text: "even", states: [] }, 2)).toEqual([]);
    expect(await pages(persistence, { text: "even", flow: "odd" }, 2)).toEqual([]);
    const since = (await persistence.now()) + DAY_MS;
    expect(await pages(persistence, { text: "even", since }, 2)).toEqual([]);
  });

  it("tells of each job what a list shows", async () => {
    const { persistence } = await open();
    const job = await posted(persistence, newJob({ name: "nightly", priority: 5 }));
    const owner = await owned(persistence, job.id, { agent: "agent-7" });

    const { jobs } = await persistence.jobs({}, 1);

    expect(jobs).toMatchObject([
      {
        id: job.id,
        needs: job.needs,
        flowHash: job.flowHash,
        name: "nightly",
        priority: 5,
        postedVia: "agent-1",
        state: "RUNNING",
        token: 1,
        owner: owner.owner,
        agent: "agent-7",
      },
    ]);
    expect(jobs[0]).not.toHaveProperty("spec");
    expect(jobs[0]).not.toHaveProperty("params");
  });

  it("lists only jobs posted since a moment", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    await posted(persistence);
    advance(60_000);
    const since = await persistence.now();
    const late = await posted(persistence);

    expect(await pages(persistence, { since }, 5)).toEqual([late.id]);
    expect(await pages(persistence, { since, flow: "hello" }, 5)).toEqual([late.id]);
  });
}
