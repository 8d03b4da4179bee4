import { describe, expect, it } from "vitest";
import { compile } from "../../engine/plan.js";
import { createCommitter } from "../../persistence/committer.js";
import { databaseOfChapter, openMysql } from "../contracts/mysql.js";
import { BOARD } from "../contracts/samples.js";
import { closing } from "../contracts/sqlite.js";
import { killedAfterEach, otherFates, undisturbed } from "./crash-runs.js";
import { CrashWorld } from "./crash-world.js";
import { createRandom } from "./random.js";
import { randomFlow } from "./random-flow.js";
import { storedJournal } from "./stored-journal.js";

const FLOWS = Number(process.env["JOBRUNNER_MYSQL_FLOWS"] ?? 50);
const SEED = Number(process.env["JOBRUNNER_PROPERTY_SEED"] ?? 1);
/** Deaths a flow: the number of entries written grows with the square. */
const DEATHS_MAX = 25;

describe("random flows whose journals are in MySQL", () => {
  const empty = databaseOfChapter();

  it(
    `survive deaths all along (${FLOWS} flows from seed ${SEED})`,
    { timeout: 240_000 },
    async () => {
      const persistence = await openMysql(await empty());
      await persistence.setBoardId(undefined, BOARD);
      const committer = closing(createCommitter(persistence));
      const worlds: { readonly world: CrashWorld; readonly job: string }[] = [];

      const run = async (seed: number): Promise<void> => {
        const random = createRandom(seed);
        const flow = randomFlow(random);
        const plan = compile(flow.spec);
        const world = (): CrashWorld => {
          const journal = storedJournal(persistence, committer, flow.spec);
          const made = new CrashWorld(flow, plan, journal);
          worlds.push({ world: made, job: journal.job });
          return made;
        };
        const subject = { plan, seen: new Map<string, number>(), world };
        const entries = await undisturbed(subject);
        await killedAfterEach(subject, Math.min(entries.length, DEATHS_MAX));
        await otherFates(subject, entries, random);
      };
      const seeds = Array.from({ length: FLOWS }, (_, index) => SEED + index);
      await Promise.all(
        seeds.map((seed) =>
          run(seed).catch((error: unknown) => {
            throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
          }),
        ),
      );

      // What the owners were told is durable is what is there, and nothing else.
      for (const { world, job } of worlds) {
        const stored = await persistence.load(job);
        const told = world.entries.map(({ seq, token, changes }) => ({ seq, token, changes }));
        expect(stored.map(({ seq, token, changes }) => ({ seq, token, changes }))).toEqual(told);
      }
      console.log(`note: ${FLOWS} flows from seed ${SEED} in MySQL: ${worlds.length} runs`);
      expect(worlds.length).toBeGreaterThan(FLOWS * 8);
    },
  );
});
