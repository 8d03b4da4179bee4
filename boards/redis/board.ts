import { randomUUID } from "node:crypto";
import { JobrunnerError } from "../../common/error.js";
import type {
  BoardOptions,
  BoardTraits,
  Candidate,
  Claimed,
  Inventory,
  JobBoard,
  Posting,
  Renewed,
  Survey,
} from "../board.js";
import { Hint } from "../hint.js";
import * as acts from "./acts.js";
import { parseRedisUrl } from "./address.js";
import { adviceOn } from "./advice.js";
import { Connection } from "./connection.js";
import * as looking from "./looking.js";
import type { Script } from "./script.js";

/** A call may take a quarter of the lease, which is the time between two renewals, and no more. */
const CALL_SHARE = 0.25;
const CALL_MAX_MS = 2_000;

/**
 * Opens a board in a Redis that any number of machines share (docs/boards.md). Rejects with USAGE
 * when the URL is wrong, with BOARD_DOWN when the server cannot be used now.
 */
export async function openRedisBoard(url: string, options: BoardOptions): Promise<JobBoard> {
  const { leaseMs, warn } = options;
  const address = parseRedisUrl(url);
  const hint = new Hint();
  const connection = await Connection.open(address, {
    limitMs: Math.min(leaseMs * CALL_SHARE, CALL_MAX_MS),
    channel: `${address.prefix}changes`,
    onHint: () => hint.give(),
  });
  try {
    for (const advice of adviceOn(await connection.info())) warn?.(advice);
    return new RedisBoard(connection, { hint, leaseMs, prefix: address.prefix });
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

interface Parts {
  readonly hint: Hint;
  readonly leaseMs: number;
  readonly prefix: string;
}

class RedisBoard implements JobBoard {
  readonly traits: BoardTraits;
  readonly #connection: Connection;
  readonly #hint: Hint;
  readonly #prefix: string;

  constructor(connection: Connection, { hint, leaseMs, prefix }: Parts) {
    this.traits = { reach: "cluster", wakes: "push", leaseMs };
    this.#connection = connection;
    this.#hint = hint;
    this.#prefix = prefix;
  }

  async identity(): Promise<{ readonly id: string; readonly stamped: boolean }> {
    const [id, stamped] = list(await this.#run(acts.IDENTIFY, randomUUID()));
    return { id: String(id), stamped: stamped === 1 };
  }

  async put(postings: readonly Posting[]): Promise<void> {
    if (postings.length === 0) return;
    const each = postings.map((posting) => [...placed(posting), posting.delayMs]);
    await this.#run(acts.PUT, ...each.flat());
  }

  async reprioritise(id: string, priority: number): Promise<void> {
    await this.#run(acts.REPRIORITISE, id, rankOf(priority));
  }

  async survey(): Promise<Survey> {
    const [signatures, next, id] = list(await this.#run(looking.SURVEY));
    const { reconnects } = this.#connection;
    return {
      signatures: list(signatures).map(String),
      ...(Number(next) < 0 ? {} : { nextInMs: Number(next) }),
      ...(typeof id === "string" && id !== "" ? { boardId: id } : {}),
      ...(reconnects === 0 ? {} : { reconnects }),
    };
  }

  async candidates(signatures: readonly string[], limit: number): Promise<readonly Candidate[]> {
    if (signatures.length === 0 || limit < 1) return [];
    return pairs(await this.#run(looking.CANDIDATES, limit, ...signatures)).map(
      ([id, signature]) => ({ id, signature }),
    );
  }

  async claim(id: string, claimId: string): Promise<Claimed> {
    return oneOf(await this.#run(acts.CLAIM, id, claimId, this.traits.leaseMs), CLAIMED);
  }

  async reclaim(posting: Posting, claimId: string): Promise<Claimed> {
    const args = [...placed(posting), claimId, this.traits.leaseMs];
    return oneOf(await this.#run(acts.RECLAIM, ...args), CLAIMED);
  }

  async renew(claims: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Renewed>> {
    if (claims.size === 0) return new Map();
    const answers = list(await this.#run(acts.RENEW, this.traits.leaseMs, ...[...claims].flat()));
    return new Map([...claims.keys()].map((id, index) => [id, oneOf(answers[index], RENEWED)]));
  }

  async abandon(id: string, claimId: string, delayMs = 0): Promise<void> {
    await this.#run(acts.ABANDON, id, claimId, delayMs);
  }

  async consume(id: string, claimId: string): Promise<void> {
    await this.#run(acts.CONSUME, id, claimId);
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#run(acts.REMOVE, ...ids);
  }

  async exists(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    return new Set(list(await this.#run(looking.EXISTS, ...ids)).map(String));
  }

  inventory(): Promise<Inventory> {
    return Promise.resolve({ exists: (ids) => this.exists(ids) });
  }

  async held(incarnation: string): Promise<ReadonlyMap<string, string>> {
    const members = list(await this.#run(looking.HELD, incarnation)).map(String);
    return new Map(
      members.map((member) => {
        const [claimId = "", id = ""] = member.split(" ");
        return [id, claimId];
      }),
    );
  }

  changed(signal: AbortSignal): Promise<void> {
    return this.#hint.wait(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
    this.#hint.give();
  }

  #run(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#connection.run(script, this.#prefix, args);
  }
}

const CLAIMED: readonly Claimed[] = ["claimed", "taken", "gone"];
const RENEWED: readonly Renewed[] = ["ok", "gone", "taken"];

/** Id, signature and rank; equal ranks are ordered by id. */
function placed({ id, signature, priority }: Posting): readonly [string, string, number] {
  return [id, signature, rankOf(priority)];
}

/** Never -0, which is another text. */
function rankOf(priority: number): number {
  return priority === 0 ? 0 : -priority;
}

function list(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  throw unexpected(answer);
}

function pairs(answer: unknown): readonly (readonly [string, string])[] {
  const flat = list(answer).map(String);
  return flat.flatMap((first, n) => (n % 2 === 0 ? [[first, flat[n + 1] ?? ""] as const] : []));
}

function oneOf<T extends string>(answer: unknown, words: readonly T[]): T {
  const word = words.find((each) => each === answer);
  if (word === undefined) throw unexpected(answer);
  return word;
}

function unexpected(answer: unknown): JobrunnerError {
  return new JobrunnerError("INTERNAL", `Redis answered a script with ${JSON.stringify(answer)}.`);
}
