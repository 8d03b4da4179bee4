import type { JobBoard } from "../../../boards/board.js";
import { percentile, type Report } from "../report.js";
import type { BenchedBoard } from "./benched.js";

const ROUNDS = 5;
const ROUND_MS = 700;

/** Median over the rounds, of each kind of act: how many a second. */
interface Rates {
  readonly raw: number;
  readonly post: number;
  readonly claim: number;
  readonly consume: number;
  readonly pairs: number;
  /** Median of the rounds' own ratios: what else the machine did falls on both. */
  readonly pairsShare: number;
}

/** Post, claim and consume at `inFlight` at once, in turns with the server's own limit. */
export async function measureRates(
  benched: BenchedBoard,
  inFlight: number,
  report: Report,
): Promise<Rates> {
  const board = await benched.open(`rates-${String(inFlight)}`);
  await rate(inFlight, 200, () => benched.rawAct());
  const rounds: Omit<Rates, "pairsShare">[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const raw = await rate(inFlight, ROUND_MS, () => benched.rawAct());
    rounds.push({ raw: raw.perSecond, ...(await measureRound(board, inFlight, round)) });
  }
  await board[Symbol.asyncDispose]();
  const mid = (of: (round: Omit<Rates, "pairsShare">) => number): number =>
    percentile(rounds.map(of), 0.5);
  const rates = {
    raw: mid(({ raw }) => raw),
    post: mid(({ post }) => post),
    claim: mid(({ claim }) => claim),
    consume: mid(({ consume }) => consume),
    pairs: mid(({ pairs }) => pairs),
    pairsShare: mid(({ pairs, raw }) => pairs / raw),
  };
  report.row({ board: benched.name, what: "acts a second", inFlight, ...rates });
  return rates;
}

type Round = Pick<Rates, "post" | "claim" | "consume" | "pairs">;

async function measureRound(board: JobBoard, inFlight: number, round: number): Promise<Round> {
  const name = (n: number): string => `job-${String(round)}-${String(n).padStart(8, "0")}`;
  const claimId = (n: number): string => `bench.${String(n)}`;
  const posting = (n: number) => ({ id: name(n), signature: SIGNATURE, priority: 0, delayMs: 0 });
  const posted = await rate(inFlight, ROUND_MS, (n) => board.put([posting(n)]));
  // As agents do: what was looked at is claimed without looking again.
  await board.candidates([SIGNATURE], posted.count);
  const half = Math.floor(posted.count / 2);
  const claimed = await rate(inFlight, ROUND_MS, (n) => board.claim(name(n), claimId(n)), half);
  const consumed = await rate(
    ...[inFlight, ROUND_MS],
    (n) => board.consume(name(n), claimId(n)),
    claimed.count,
  );
  const rest = posted.count - half;
  const pair = async (n: number): Promise<void> => {
    const id = name(half + n);
    if ((await board.claim(id, claimId(n))) !== "claimed") throw new Error(`${id} was not claimed`);
    await board.consume(id, claimId(n));
  };
  const pairs = await rate(inFlight, ROUND_MS, pair, rest);
  await clear(
    board,
    Array.from({ length: posted.count }, (_, n) => name(n)),
  );
  return {
    post: posted.perSecond,
    claim: claimed.perSecond,
    consume: consumed.perSecond,
    pairs: pairs.perSecond,
  };
}

const SIGNATURE = '[1,"bench",1]';

async function clear(board: JobBoard, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += 500)
    await board.remove(ids.slice(from, from + 500));
}

interface Rate {
  readonly count: number;
  readonly perSecond: number;
}

/** Calls `act` with 0, 1, 2 ..., `inFlight` at once, for `ms` or until `max` are done. */
export async function rate(
  inFlight: number,
  ms: number,
  act: (n: number) => Promise<unknown>,
  max = Number.POSITIVE_INFINITY,
): Promise<Rate> {
  let next = 0;
  const start = performance.now();
  const worker = async (): Promise<void> => {
    while (next < max && performance.now() - start < ms) await act(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { count: next, perSecond: (next / (performance.now() - start)) * 1_000 };
}
