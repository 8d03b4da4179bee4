import { randomUUID } from "node:crypto";
import type { JobBoard, Posting } from "../../../boards/board.js";
import { openBoard } from "../../../boards/open.js";
import { ConsulClient } from "../../../consul/client.js";

/** One Consul, and boards on it that are closed together. */
export class ConsulPlace implements AsyncDisposable {
  readonly client: ConsulClient;
  readonly #port: number;
  readonly #boards: JobBoard[] = [];

  constructor(port: number) {
    this.#port = port;
    this.client = new ConsulClient({ host: "127.0.0.1", port, secure: false });
  }

  /** A prefix of its own: an empty board. */
  fresh(): string {
    return `bench/${randomUUID().slice(0, 8)}`;
  }

  /** One agent's view of the board below `prefix`, through `port` when it is not Consul's own. */
  async open(prefix: string, port = this.#port): Promise<JobBoard> {
    const board = await openBoard(`consul://127.0.0.1:${port}/${prefix}`, { leaseMs: 10_000 });
    this.#boards.push(board);
    return board;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#boards.map((board) => board[Symbol.asyncDispose]()));
    this.client[Symbol.dispose]();
  }
}

let made = 0;

/** Postings in order of age. */
export function postings(count: number, signature: string): readonly Posting[] {
  return Array.from({ length: count }, () => {
    made += 1;
    const id = `0190-${String(made).padStart(9, "0")}`;
    return { id, signature, priority: 0, delayMs: 0 };
  });
}

/** Does `work` for each item, `inFlight` at a time; returns how many a second. */
export async function rate<T>(
  items: readonly T[],
  inFlight: number,
  work: (item: T) => Promise<unknown>,
): Promise<number> {
  const left = items.values();
  const from = performance.now();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (items.length * 1_000) / (performance.now() - from);
}
