import type { JobBoard } from "../../../boards/board.js";

/** A board to measure, on a real server that nobody else uses. */
export interface BenchedBoard extends AsyncDisposable {
  readonly name: string;
  /** Of the server. */
  readonly version: string;
  /** One more agent of the board called `name`; boards of different names share nothing. */
  open(name: string): Promise<JobBoard>;
  /** The same; what it asks of the server is counted, which may cost it some time. */
  openCounted(name: string): Promise<JobBoard>;
  /** How many requests those that are counted have made, ever. */
  requests(): Promise<number>;
  /** The server's own limit: one claim-like act, without a board around it. */
  rawAct(): Promise<unknown>;
  /** The least that the server can be asked for. */
  smallest(): Promise<unknown>;
  /** Sizes of the crowd of jobs that an agent cannot run; the first is the measure of the others. */
  readonly crowds: readonly number[];
  readonly bars: BoardBars;
}

/** What is absent is measured and not judged. */
export interface BoardBars {
  /** Claim-and-consume pairs a second, of the raw acts a second, at 32 in flight. */
  readonly pairsShareMin?: number;
  /** Jobs a second of 20 agents that want the same ones, of the raw acts a second at 32. */
  readonly contestShareMin?: number;
  /** Claims that these agents lose to each other, for each job. */
  readonly lostPerJobMax: number;
  /** Latency in the largest crowd, of that in the smallest. */
  readonly crowdRatioMax: number;
  /** Median of a pick-up, in medians of the smallest request. */
  readonly pickUpMax: number;
  /** 99th percentile of a pick-up: the larger of a time, and of so many of the smallest request's. */
  readonly pickUpP99Max?: { readonly ms: number; readonly smallest: number };
  /** Requests a second of an agent that has nothing to do. */
  readonly idleMax: number;
}
