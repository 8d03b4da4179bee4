import { describe, expect, it } from "vitest";
import { readJournal } from "../../agent/events/job-feed.js";
import type { EventView } from "../../common/wire/events.js";
import { openWorld, type World } from "../protocol/world.js";

/** What was told of a job: agent, type and, of atoms, where to. */
function told({ told: all }: World, types: RegExp): readonly string[] {
  return all
    .filter(({ type }) => types.test(type))
    .map(({ agent, type, atom, to }) => [agent, type, atom, to].filter(Boolean).join(" "));
}

/** Times are of the database in the one, as well as an agent knows them in the other. */
function timeless({ at: _at, agent: _agent, ...event }: Partial<EventView>) {
  return event;
}

describe("what owners tell", () => {
  it("is the life of a job from claim to end, in order", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    await world.agent("alpha").work(id);

    expect(told(world, /./).slice(0, 4)).toEqual([
      "alpha job.claimed",
      "alpha job.owner",
      "alpha job.state RUNNING",
      "alpha atom.state a RUNNING",
    ]);
    expect(told(world, /./).slice(-3)).toEqual([
      "alpha atom.state c SUCCESS",
      "alpha job.state SUCCESS",
      "alpha job.finished SUCCESS",
    ]);
  });

  it("is what everybody reads in the journal afterwards, word for word", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const fails = () => {
      throw new Error("no room");
    };
    await world.agent("alpha", { c: fails }).work(id);

    const { events } = await readJournal(world, id);

    const written = world.told.filter(({ seq }) => seq !== undefined).map(timeless);
    expect(written).toEqual(events.slice(1).map(({ event }) => timeless(event)));
    expect(events[0]?.event.type).toBe("job.posted");
    expect(new Set(events.slice(1).map(({ event }) => event.agent))).toEqual(new Set(["alpha"]));
  });

  it("says when a job is handed on, and who goes on with it", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const alpha = world.agent("alpha", {
      a: () => {
        alpha.leaving.abort();
        return null;
      },
    });
    await alpha.work(id);
    await world.agent("beta").work(id);

    expect(told(world, /^job/)).toEqual([
      ...["alpha job.claimed", "alpha job.owner", "alpha job.state RUNNING"],
      ...["alpha job.handover", "alpha job.released"],
      ...["beta job.claimed", "beta job.resumed", "beta job.owner"],
      ...["beta job.state SUCCESS", "beta job.finished SUCCESS"],
    ]);
  });

  it("says that a claim was lost", async () => {
    const world = await openWorld();
    const { id } = await world.post();
    const alpha = world.agent("alpha");
    const claim = await alpha.claim(id);
    alpha.claims.loseAll("the agent fell asleep");
    await alpha.execute(claim);

    expect(told(world, /^job/)).toEqual(["alpha job.claimed", "alpha job.lost"]);
    expect(world.told[1]?.reason).toContain("the agent fell asleep");
  });
});
