import { expect, it } from "vitest";
import { listJobs } from "../../../agent/jobs/listing.js";
import type { Persistence } from "../../../persistence/persistence.js";
import { posted } from "../../contracts/samples.js";
import { openSteered } from "../../contracts/sqlite.js";

/** A persistence that knows only the filters that every one must. */
async function plain(): Promise<Persistence> {
  const { persistence } = await openSteered();
  return Object.assign(persistence, { traits: { filters: [] } });
}

it.each([
  ["agent", { agent: "nas-1" }, "/agent"],
  ["text", { q: "nightly" }, "/q"],
])(
  "says that jobs cannot be listed by %s where persistence cannot",
  async (name, query, pointer) => {
    await expect(listJobs(await plain(), query)).rejects.toMatchObject({
      code: "USAGE",
      message: `this persistence cannot list jobs by ${name}`,
      cause: [{ pointer }],
    });
  },
);

it("lists by flow, state and time with any persistence", async () => {
  const persistence = await plain();
  const { id } = await posted(persistence);
  const query = { flow: "hello", state: "WAITING", since: "2025-01-01T00:00:00Z" };

  expect((await listJobs(persistence, query)).items.map((job) => job.id)).toEqual([id]);
});
