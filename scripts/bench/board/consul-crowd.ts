import type { JobBoard } from "../../../boards/board.js";
import type { Report } from "../report.js";
import { type ConsulPlace, postings } from "./consul-place.js";

const SIGNATURE = '[1,"bench",1]';
const AGENTS = 20;
const JOBS = 1_500;
const SLOTS = 4;
/** As in the claiming loop of an agent: then it looks again. */
const LOST_MAX = 3;

export interface Crowd {
  readonly jobsPerSecond: number;
  readonly failedPerJob: number;
}

/** 20 agents that all want the same jobs and have nothing to do in them: the worst case. */
export async function benchCrowd(place: ConsulPlace, report: Report): Promise<Crowd> {
  const prefix = place.fresh();
  const boards = await Promise.all(Array.from({ length: AGENTS }, () => place.open(prefix)));
  const jobs = postings(JOBS, SIGNATURE);
  await boards[0]?.put(jobs);
  const tally = { done: 0, failed: 0 };
  const from = performance.now();
  await Promise.all(boards.map((board, n) => agent(board, `agent${n}`, tally)));
  const seconds = (performance.now() - from) / 1_000;
  if (tally.done !== JOBS) throw new Error(`${tally.done} of ${JOBS} jobs were done`);
  const crowd = { jobsPerSecond: JOBS / seconds, failedPerJob: tally.failed / JOBS };
  report.row({ board: "consul", agents: AGENTS, slots: SLOTS, jobs: JOBS, ...crowd });
  return crowd;
}

interface Tally {
  done: number;
  failed: number;
}

/** Claims as an agent's claiming loop does: through its candidates, one after the other. */
async function agent(board: JobBoard, name: string, tally: Tally): Promise<void> {
  const running = new Set<Promise<void>>();
  let claims = 0;
  while (tally.done < JOBS) {
    const found = await look(board);
    if (found.length === 0 && running.size === 0) return;
    let lost = 0;
    for (const id of found) {
      if (running.size >= SLOTS) break;
      const claimId = `${name}.${(claims += 1)}`;
      if ((await board.claim(id, claimId)) !== "claimed") {
        tally.failed += 1;
        if ((lost += 1) === LOST_MAX) break;
        continue;
      }
      lost = 0;
      const done = board.consume(id, claimId).then(() => {
        tally.done += 1;
        running.delete(done);
      });
      running.add(done);
    }
    if (running.size > 0 && lost < LOST_MAX) await Promise.race(running);
  }
}

async function look(board: JobBoard): Promise<readonly string[]> {
  const { signatures } = await board.survey();
  if (signatures.length === 0) return [];
  return (await board.candidates(signatures, 64)).map(({ id }) => id);
}
