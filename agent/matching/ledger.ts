import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** For a living holder to say who it is, ms; one that is frozen by its system never does. */
const ANSWER_MS = 500;
/** Longest answer that is read. */
const ANSWER_CHARACTERS_MAX = 300;

export interface LedgerOptions {
  /** Name of the agent, which holders tell. */
  readonly agent: string;
  /** A local socket's name for a key; default the machine's own place for them. */
  toAddress?(key: string): string;
}

/**
 * What jobs of this machine hold for themselves alone, such as a port that is to be taken by a task
 * which has not started yet: shared with all agents of the machine, whatever board they use.
 *
 * Holding is listening on a local socket of that name. The system gives it to one process only,
 * and takes it back when that process ends, however it does. Where the system has no such sockets,
 * agents know their own holds and no others.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  /** Key -> job. */
  readonly #held = new Map<string, string>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** The job of this agent that holds it. */
  heldHere(key: string): string | undefined {
    return this.#held.get(key);
  }

  /** Who holds it, for people: `job <id> on agent alpha`; undefined when nobody (living) does. */
  async holder(key: string): Promise<string | undefined> {
    const job = this.#held.get(key);
    if (job !== undefined) return describe(job, this.#options.agent);
    return askHolder(this.#address(key));
  }

  /** Holds all of them or none; the answer gives them back. Undefined when somebody holds one. */
  async hold(keys: readonly string[], job: string): Promise<(() => void) | undefined> {
    const given: (() => void)[] = [];
    const giveBack = (): void => given.splice(0).forEach((each) => each());
    for (const key of new Set(keys)) {
      const back = await this.#holdOne(key, job);
      if (back === undefined) {
        giveBack();
        return undefined;
      }
      given.push(back);
    }
    return giveBack;
  }

  async #holdOne(key: string, job: string): Promise<(() => void) | undefined> {
    if (this.#held.has(key)) return undefined;
    this.#held.set(key, job); // Before anything is waited for: of two calls one holds.
    const address = this.#address(key);
    const said = describe(job, this.#options.agent);
    let server = await listen(address, said);
    if (server === "taken") {
      if ((await askHolder(address)) !== undefined) {
        this.#held.delete(key);
        return undefined;
      }
      // Nobody living: a file that a dead process left, or a process that is frozen.
      if (!address.startsWith("\0")) await rm(address, { force: true });
      server = await listen(address, said);
    }
    return () => {
      if (typeof server === "object") server.close();
      this.#held.delete(key);
    };
  }

  #address(key: string): string {
    return (this.#options.toAddress ?? toAddress)(key);
  }
}

function describe(job: string, agent: string): string {
  return `job ${job} on agent ${agent}`;
}

/** Sockets without a file, which vanish with their process, where the system has them. */
function toAddress(key: string): string {
  const name = `jobrunner-${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
  if (process.platform === "win32") return `\\\\?\\pipe\\${name}`;
  const hasAbstract = process.platform === "linux" || process.platform === "android";
  return hasAbstract ? `\0${name}` : join(tmpdir(), name);
}

/** `none`: the system has no such sockets, or this process may not have one. */
function listen(address: string, said: string): Promise<Server | "taken" | "none"> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined); // Who asked has gone.
      socket.end(said);
    });
    // After the first one an error is one of accepting, such as no file descriptors left.
    server.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "EADDRINUSE" ? "taken" : "none");
    });
    server.unref().listen(address, () => resolve(server));
  });
}

function askHolder(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(address);
    const end = (): void => {
      socket.destroy();
      resolve(said === "" ? undefined : said);
    };
    socket.setEncoding("utf8").setTimeout(ANSWER_MS, end);
    socket.on("data", (part: string) => {
      said = (said + part).slice(0, ANSWER_CHARACTERS_MAX);
    });
    socket.on("end", end);
    socket.on("error", end);
  });
}
