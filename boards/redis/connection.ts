import { once } from "node:events";
import { Redis } from "ioredis";
import { JobrunnerError } from "../../common/error.js";
import type { RedisAddress } from "./address.js";
import type { Script } from "./script.js";

/** Pause before the n-th try to connect again, milliseconds; it never gives up. */
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;

/** What Redis answers instead of working, and what to do about it. */
const HINTS: Readonly<Record<string, string>> = {
  NOAUTH: "Write the user and password into the board's URL.",
  WRONGPASS: "Check the user and password in the board's URL.",
  NOPERM: "Give the user what docs/boards.md lists.",
  READONLY: "Name the primary in the board's URL, not a replica.",
  MOVED: "Name the node of the cluster that serves the board's prefix.",
  OOM: "Give Redis more memory.",
  MISCONF: "Redis cannot write to its disk; see its log.",
};

export interface ConnectionOptions {
  /** A call without an answer for so long is BOARD_DOWN, and the connection is replaced; ms. */
  readonly limitMs: number;
  readonly channel: string;
  /** A message came, or the connection is new and some may have been missed. */
  readonly onHint: () => void;
}

/**
 * One connection for calls and messages (RESP3). Nothing is queued for later: a call is written at
 * once, or refused at once with BOARD_DOWN. A server that is frozen may still read what was written
 * before the caller gave up; the rules of claimIds make that harmless.
 */
export class Connection implements AsyncDisposable {
  readonly #redis: Redis;
  readonly #name: string;
  #reconnects = 0;

  private constructor(redis: Redis, name: string) {
    this.#redis = redis;
    this.#name = name;
  }

  /** Rejects with BOARD_DOWN when the server cannot be used. */
  static async open(address: RedisAddress, options: ConnectionOptions): Promise<Connection> {
    const { host, port, db, username, password, tls } = address;
    const { limitMs, channel, onHint } = options;
    const redis = new Redis({
      ...{ host, port, db, lazyConnect: true, connectionName: "jobrunner" },
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined ? {} : { tls }),
      // CLIENT SETINFO is unknown to Redis 6.2, and one more command that a user must be allowed.
      disableClientInfo: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      ...{ commandTimeout: limitMs, socketTimeout: limitMs, connectTimeout: limitMs },
      retryStrategy: (n) => Math.min(RETRY_FIRST_MS * 2 ** (n - 1), RETRY_MAX_MS),
    });
    const connection = new Connection(redis, `Redis at ${host}:${String(port)}`);
    let trouble: unknown;
    redis.on("error", (error) => (trouble = error)); // Calls report what concerns them.
    redis.on("message", onHint);
    const subscribe = (): Promise<unknown> => redis.subscribe(channel).then(onHint);
    try {
      await redis.connect();
      await subscribe();
    } catch (error) {
      redis.disconnect();
      throw connection.#down(trouble ?? error);
    }
    // When it fails the connection is gone, and its successor subscribes again.
    redis.on("ready", () => {
      connection.#reconnects += 1;
      void subscribe().catch(() => undefined);
    });
    return connection;
  }

  /** How often the connection was made anew. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** Runs a script with the prefix as its only key; its answer is not checked yet. */
  async run(script: Script, prefix: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#evaluate(script, prefix, args);
    } catch (error) {
      throw this.#down(error);
    }
  }

  /** What INFO says, by name. */
  async info(): Promise<ReadonlyMap<string, string>> {
    try {
      const lines = (await this.#redis.info()).matchAll(/^(\w+):(.*?)\r?$/gm);
      return new Map([...lines].map(([, name = "", value = ""]) => [name, value]));
    } catch (error) {
      throw this.#down(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { status } = this.#redis;
    if (status === "end") return;
    // Between two tries to connect there is nothing that could end.
    const ended = status === "reconnecting" ? undefined : once(this.#redis, "end");
    this.#redis.disconnect();
    await ended;
  }

  async #evaluate(
    { sha, lua }: Script,
    prefix: string,
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await this.#redis.evalsha(sha, 1, prefix, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      // New to this server, or it was restarted: sent whole once.
      return this.#redis.eval(lua, 1, prefix, ...args);
    }
  }

  #down(error: unknown): JobrunnerError {
    const said = error instanceof Error ? error.message : String(error);
    const hint = HINTS[/^[A-Z]+/.exec(said)?.[0] ?? ""];
    return new JobrunnerError("BOARD_DOWN", `${this.#name}: ${said}`, {
      ...{ retryable: true, cause: error },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
