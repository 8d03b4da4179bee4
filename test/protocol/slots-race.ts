import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import type { Persistence } from "../../persistence/persistence.js";
import { until } from "../../scripts/lab/until.js";
import type { FakeClock } from "../support/fake-clock.js";
import { linear, openWorld, type Script, type World, type WorldAgent } from "./world.js";

/** What each agent opens for itself, on the same board and database as all others. */
export interface Opening {
  readonly clock: FakeClock;
  persistence(): Promise<Persistence>;
  board(): Promise<JobBoard>;
}

export interface Race {
  readonly agents: number;
  /** Jobs of each key. */
  readonly jobs: number;
  /** Key -> its limit. */
  readonly limits: Readonly<Record<string, number>>;
  readonly seed: number;
}

const WITHIN_MS = 60_000;
/** For as many jobs of a key to run at once as there may be. */
const ALL_BEGUN_MS = 2_000;

/**
 * Agents with connections of their own take jobs of some keys. No time passes: a job that found no
 * slot comes back only because whoever freed one has offered it. Resolves with how many claims
 * there were.
 */
export async function raceForSlots(opening: Opening, race: Race): Promise<number> {
  const { clock } = opening;
  const world = await openWorld({
    ...{ clock, persistence: await opening.persistence(), board: await opening.board() },
  });
  const random = randomOf(race.seed);
  const seen = new Map<string, number>();
  const script = scriptOf(world, { race, random, seen });
  const ids = await postAll(world, race, random);
  let [over, claims] = [false, 0];
  const working = Array.from({ length: race.agents }, async (_, n) => {
    const own = { persistence: await opening.persistence(), board: await opening.board() };
    const agent = world.agent(`agent${n}`, script, undefined, own);
    while (!over) {
      if (await takeOne(agent, own.board, random)) claims += 1;
      else await pause(2);
    }
  });
  const allOver = async (): Promise<boolean> => (await world.persistence.startable(ids)).size === 0;
  try {
    await until(allOver, { withinMs: WITHIN_MS, what: `the jobs of seed ${race.seed} to end` });
  } finally {
    over = true;
    await Promise.all(working);
  }
  for (const [key, limit] of Object.entries(race.limits)) {
    expect(seen.get(key)).toBe(limit); // All of them were taken at some time, and never more.
    expect(await world.persistence.slots(key, 10)).toEqual({ held: [], waiting: [] });
  }
  return claims;
}

async function takeOne(agent: WorldAgent, board: JobBoard, random: () => number): Promise<boolean> {
  const { signatures } = await board.survey();
  const found = await board.candidates(signatures, 8);
  const pick = found[Math.floor(random() * found.length)];
  const claim = pick === undefined ? undefined : await agent.claims.claim(pick.id);
  if (claim === undefined) return false;
  await agent.execute(claim);
  return true;
}

interface Watching {
  readonly race: Race;
  readonly random: () => number;
  /** Key -> the most jobs of it that were ever seen in progress at once. */
  readonly seen: Map<string, number>;
}

/** Bodies that count how many jobs of their key are between their first and their last. */
function scriptOf(world: World, { race, random, seen }: Watching): Script {
  const inside = new Map<string, number>();
  const see = (key: string, now: number): void => {
    seen.set(key, Math.max(seen.get(key) ?? 0, now));
  };
  return Object.fromEntries(
    Object.keys(race.limits).flatMap((key) => {
      const enter = async (): Promise<null> => {
        const now = (inside.get(key) ?? 0) + 1;
        inside.set(key, now);
        see(key, now);
        await pause(random() * 4);
        // On a fast machine they would be over before so many have begun as there may be.
        const limit = race.limits[key] ?? 0;
        const allBegun = (): boolean => (seen.get(key) ?? 0) >= limit;
        await until(allBegun, { withinMs: ALL_BEGUN_MS, everyMs: 2 }).catch(() => undefined);
        see(key, (await world.persistence.slots(key, 10)).held.length);
        return null;
      };
      const leave = (): null => {
        inside.set(key, (inside.get(key) ?? 0) - 1);
        if (random() < 0.2) throw new Error("a job may fail as well");
        return null;
      };
      return [
        [`${key}-in`, enter],
        [`${key}-out`, leave],
      ];
    }),
  );
}

async function postAll(
  world: World,
  { limits, jobs }: Race,
  random: () => number,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < jobs; n += 1) {
    for (const [key, limit] of Object.entries(limits)) {
      const priority = Math.floor(random() * 5);
      const spec = linear(`${key}-in`, `${key}-out`);
      const { id } = await world.post({ spec, priority, concurrency: { key, limit } });
      ids.push(id);
    }
  }
  return ids;
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
