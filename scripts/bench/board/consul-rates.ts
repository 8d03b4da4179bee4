import { op, transact } from "../../../consul/txn.js";
import type { Report } from "../report.js";
import { type ConsulPlace, postings, rate } from "./consul-place.js";

const SIGNATURE = '[1,"bench",1]';
/** Acts measured one at a time, and 32 at a time. */
const RUNS = [
  [1, 150],
  [32, 1_500],
] as const;

/** Post, claim and consume beside the raw rate of transactions; returns the latter at 32. */
export async function benchRates(place: ConsulPlace, report: Report): Promise<number> {
  let raw = 0;
  for (const [inFlight, count] of RUNS) {
    raw = await rawRate(place, inFlight, count);
    report.row({ board: "consul", act: "raw 3-op txn", inFlight, perSecond: raw });
    const board = await place.open(place.fresh());
    const jobs = postings(count, SIGNATURE);
    const name = (n: number): string => `bench.${n}`;
    const numbered = jobs.map(({ id }, n) => ({ id, claimId: name(n) }));
    const rates = {
      post: await rate(jobs, inFlight, (job) => board.put([job])),
      claim: await board
        .candidates([SIGNATURE], count)
        .then(() => rate(numbered, inFlight, ({ id, claimId }) => board.claim(id, claimId))),
      consume: await rate(numbered, inFlight, ({ id, claimId }) => board.consume(id, claimId)),
    };
    for (const [act, perSecond] of Object.entries(rates)) {
      report.row({ board: "consul", act, inFlight, perSecond, ofRaw: perSecond / raw });
    }
  }
  return raw;
}

/** Each on keys of its own: what the server can do at best. */
async function rawRate(
  { client, fresh }: ConsulPlace,
  inFlight: number,
  count: number,
): Promise<number> {
  const prefix = fresh();
  const keys = Array.from({ length: count }, (_, n) => `${prefix}/${n}`);
  return rate(keys, inFlight, (key) =>
    transact(client, [op.set(`${key}/a`, "1"), op.set(`${key}/b`, "2"), op.delete(`${key}/c`)]),
  );
}
