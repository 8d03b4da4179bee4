import type { Address } from "./address.js";
import { Busy, Silence } from "./faults.js";
import { type Answer, Session, type SessionOptions } from "./session.js";
import { type Sql, sql } from "./sql.js";

export interface PoolOptions extends SessionOptions {
  /** Most sessions at a time. */
  readonly sessionsMax: number;
}

interface Idle {
  readonly session: Session;
  readonly closing: NodeJS.Timeout;
}

/** A few sessions of one kind; opened when needed, closed when idle. */
export class Pool {
  /** The largest packet the server takes, bytes; infinite until it has told. */
  packetBytesMax = Number.POSITIVE_INFINITY;
  readonly #address: Address;
  readonly #options: PoolOptions;
  readonly #waiting: (() => void)[] = [];
  #idle: Idle[] = [];
  #busy = 0;
  /** Calls to which the server said something, good or bad. */
  #answered = 0;
  /** Rises when the sessions there are must not be used again. */
  #era = 0;
  #closed = false;

  constructor(address: Address, options: PoolOptions) {
    this.#address = address;
    this.#options = options;
  }

  /**
   * Sends statements as one packet on a session of its own and leaves no transaction open behind
   * them. Rejects with errors of the driver, with TOO_LARGE when the server takes no such packet.
   */
  run(statements: readonly Sql[]): Promise<readonly Answer[]> {
    return this.#use(async (session) => {
      try {
        return await session.run(statements);
      } catch (error) {
        // A statement in the middle may have failed, and what was before it holds its locks.
        if (session.usable) await session.run([sql`ROLLBACK`]).catch(() => session.destroy());
        throw error;
      }
    });
  }

  async #use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.#turn();
    const era = this.#era;
    let session: Session | undefined;
    try {
      session = this.#takeIdle() ?? (await this.#open());
      return await work(session);
    } finally {
      this.#busy -= 1;
      if (session?.usable === true) this.#answered += 1;
      if (era === this.#era) this.#giveBack(session);
      else void session?.close();
      this.#waiting.shift()?.();
    }
  }

  /** Lets go of all sessions, as soon as they are idle: the next call opens one. */
  async renew(): Promise<void> {
    this.#era += 1;
    const idle = this.#idle.splice(0);
    for (const { closing } of idle) clearTimeout(closing);
    await Promise.all(idle.map(({ session }) => session.close()));
  }

  /** Waits for the calls under way; later ones reject. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const next of this.#waiting.splice(0)) next();
    while (this.#busy > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.renew();
  }

  /** Waits until one more session may be busy. */
  async #turn(): Promise<void> {
    const { sessionsMax, silenceMs } = this.#options;
    const end = performance.now() + silenceMs;
    const answered = this.#answered;
    while (!this.#closed && this.#busy >= sessionsMax) {
      const left = end - performance.now();
      if (left <= 0) {
        // When not one call was answered in all that time, it is the server that is silent.
        const Late = this.#answered === answered ? Silence : Busy;
        throw new Late(`no connection was free for ${silenceMs} ms`);
      }
      await this.#nextFree(left);
    }
    if (this.#closed) throw new Busy("it is closed here");
    this.#busy += 1;
  }

  /** Resolves when a session is given back, at the latest after `ms`. */
  #nextFree(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const next = (): void => {
        clearTimeout(late);
        resolve();
      };
      const late = setTimeout(() => {
        const place = this.#waiting.indexOf(next);
        if (place !== -1) this.#waiting.splice(place, 1);
        resolve();
      }, ms);
      this.#waiting.push(next);
    });
  }

  async #open(): Promise<Session> {
    const session = await Session.open(this.#address, this.#options);
    this.packetBytesMax = session.packetBytesMax;
    return session;
  }

  #takeIdle(): Session | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      clearTimeout(idle.closing);
      if (idle.session.usable) return idle.session;
    }
    return undefined;
  }

  /** Half of what the server allows: it must not be the one that ends the session. */
  #giveBack(session: Session | undefined): void {
    if (session?.usable !== true) return;
    const closing = setTimeout(() => {
      this.#idle = this.#idle.filter((idle) => idle.session !== session);
      void session.close();
    }, this.#options.idleSeconds * 500);
    closing.unref();
    this.#idle.push({ session, closing });
  }
}
