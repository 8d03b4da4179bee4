import { JobrunnerError } from "../../../common/error.js";
import type { Json } from "../../../common/json.js";
import type { Context, RunOptions } from "../../../sdk/context.js";
import type { Assembled } from "../../../sdk/node.js";
import { startTimer, timedOut } from "../time-limit.js";
import {
  type Ask,
  fromWire,
  phaseOf,
  type SessionHead,
  type ToRunner,
  toWire,
} from "../messages.js";
import { createContext } from "./body-context.js";
import { able, capability } from "./able.js";
import { callBody, callDecider } from "./call.js";
import { attribute } from "./console.js";
import { AbortDeadline, mayStart } from "../deadline.js";
import type { CommandLine } from "../guard/guard-messages.js";
import { DeadlineWatch } from "./deadline-watch.js";
import type { Loaded } from "./loader.js";
import { openFlow } from "./opening.js";
import { LogBudget } from "../output/budgets.js";
import { Tally } from "../output/tally.js";
import type { Port } from "./port.js";
import { Progress } from "../output/progress.js";

/** What a running body is told and may say. */
interface Voice {
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly progress: Progress;
}

interface Session {
  readonly head: SessionHead;
  readonly flow: Assembled;
}

/** A body that runs now. */
interface Running {
  readonly session: number;
  readonly abort: AbortController;
}

/** A command of a body, as far as this side knows it. */
interface Command {
  end(error: Error | undefined): void;
  take(line: string): void;
}

type CallAsk = Extract<Ask, { ask: "call" }>;

/** Answers what the agent asks, in the process that holds the authors' code. */
export class Host {
  readonly #port: Port;
  readonly #loaded: Loaded;
  readonly #agent: string;
  readonly #sessions = new Map<number, Session>();
  readonly #running = new Map<number, Running>();
  readonly #saves = new Map<number, (error: Error | undefined) => void>();
  readonly #commands = new Map<number, Command>();
  readonly #deadline = new AbortDeadline();
  readonly #watch = new DeadlineWatch(this.#deadline, () => this.#abortAll());
  readonly #taken = new Tally((id, characters) => {
    this.#port.post({ kind: "taken", id, characters });
  });
  /** Numbers of saves and commands. */
  #next = 1;

  constructor(port: Port, loaded: Loaded, agent: string) {
    this.#port = port;
    this.#loaded = loaded;
    this.#agent = agent;
  }

  take(message: ToRunner): void {
    switch (message.kind) {
      case "settings":
        return; // Read before there was a host.
      case "ask":
        return void this.#answer(message.id, message.ask);
      case "abort":
        return this.#running.get(message.id)?.abort.abort(fromWire(message.reason));
      case "saved":
        this.#saves.get(message.save)?.(message.error && fromWire(message.error));
        return;
      case "output":
        return this.#commands.get(message.command)?.take(message.line);
      case "ended":
        this.#commands.get(message.command)?.end(message.error && fromWire(message.error));
        return;
      case "close":
        return this.#close(message.session);
      case "beat":
        return this.#deadline.extend(message.deadline);
      case "ping":
        return this.#port.post({ kind: "pong", ping: message.ping });
    }
  }

  async #answer(id: number, ask: Ask): Promise<void> {
    try {
      const value = ask.ask === "call" ? await this.#call(id, ask) : await this.#consult(id, ask);
      this.#port.post({ kind: "answer", id, value });
    } catch (error) {
      // A body may throw what it likes; only what was refused before or beside it is our word.
      const own = ask.ask === "prepare" || ask.ask === "open" || error instanceof Refusal;
      const thrown = error instanceof Refusal ? error.cause : error;
      this.#port.post({ kind: "refusal", id, error: toWire(thrown, own) });
    }
  }

  async #consult(id: number, ask: Exclude<Ask, CallAsk>): Promise<unknown> {
    if (ask.ask !== "decide") {
      this.#port.post({ kind: "began", id });
      this.#port.flush(); // Its code may compute for long without a pause.
    }
    switch (ask.ask) {
      case "prepare":
        return this.#flow(ask.flow).prepare(ask.params);
      case "open":
        return this.#open(ask.head);
      case "able":
        return able(this.#loaded.capabilities, ask.question);
      case "mistake":
        return capability(this.#loaded.capabilities, ask.capability).mistake(ask.args) ?? null;
      case "decide": {
        const { session, vote, deadline } = ask;
        this.#deadline.extend(deadline);
        if (!mayStart(deadline)) throw refuse(`the decider of ${vote.target} may not start`);
        const { bodies } = this.#session(session).flow;
        return this.#stoppable(id, session, ({ signal }) =>
          unlessAborted(signal, callDecider(bodies, vote)),
        );
      }
    }
  }

  #open(head: SessionHead): unknown {
    const { assembled, opened } = openFlow(this.#flow(head.flow), head);
    this.#sessions.set(head.session, { head, flow: assembled });
    return opened;
  }

  #flow(name: string) {
    const flow = this.#loaded.flows.get(name);
    if (flow !== undefined) return flow;
    throw new JobrunnerError("UNKNOWN_FLOW", `No flow named "${name}" is loaded here.`);
  }

  #session(session: number): Session {
    const found = this.#sessions.get(session);
    if (found !== undefined) return found;
    throw refuse("the job was closed here");
  }

  async #call(id: number, ask: CallAsk): Promise<unknown> {
    const { flow } = this.#session(ask.session);
    const { atom, timeoutMs } = ask.call;
    this.#deadline.extend(ask.deadline);
    // P-34: looked at directly before the body, after everything that can take time.
    if (!mayStart(ask.deadline)) throw refuse(`"${atom}" may not start any more`);
    const said = { atom, phase: phaseOf(ask) };
    const lines = new LogBudget((text, stream) =>
      this.#port.post({ kind: "log", session: ask.session, said: { ...said, stream, text } }),
    );
    const log = (line: string): void => lines.add(line);
    const progress = new Progress((last) => this.#port.post({ kind: "progress", id, ...last }));
    return this.#stoppable(id, ask.session, async (abort) => {
      const stopLimit = timeoutMs === undefined ? undefined : limited(atom, timeoutMs, abort);
      const ctx = this.#context(id, ask, { signal: abort.signal, log, progress });
      try {
        const done = attribute(log, () => callBody(flow.bodies, ask, ctx));
        return await (ask.body === "onFailure" ? unlessAborted(abort.signal, done) : done);
      } finally {
        stopLimit?.();
        lines.end();
        progress.end();
      }
    });
  }

  #context(id: number, ask: CallAsk, { signal, log, progress }: Voice): Context {
    const { job, traceparent } = this.#session(ask.session).head;
    return createContext(ask.call, {
      ...{ job, traceparent },
      agent: this.#agent,
      signal,
      log,
      progress: (fraction, note) => progress.report(fraction, note),
      save: (value) => this.#save(id, value),
      stop: () => this.#port.post({ kind: "stop", id }),
      run: (line, onLine) => this.#run(id, line, onLine),
    });
  }

  /** Code of the author's that can be told to stop while it runs. */
  async #stoppable<T>(
    id: number,
    session: number,
    call: (abort: AbortController) => Promise<T>,
  ): Promise<T> {
    const abort = new AbortController();
    this.#running.set(id, { session, abort });
    this.#watch.watch(true);
    try {
      return await call(abort);
    } catch (error) {
      throw abort.signal.reason instanceof Refusal ? abort.signal.reason : error;
    } finally {
      this.#running.delete(id);
      if (this.#running.size === 0) this.#watch.watch(false);
    }
  }

  #save(id: number, value: Json): Promise<void> {
    const save = this.#next++;
    return new Promise((resolve, reject) => {
      this.#saves.set(save, (error) => {
        this.#saves.delete(save);
        if (error === undefined) resolve();
        else reject(error);
      });
      this.#port.post({ kind: "save", id, save, value });
    });
  }

  #run(id: number, line: CommandLine, onLine: RunOptions["onLine"]): Promise<void> {
    const command = this.#next++;
    return new Promise((resolve, reject) => {
      let mistake: Error | undefined;
      const end = (error: Error | undefined): void => {
        this.#commands.delete(command);
        const why = mistake ?? error;
        if (why === undefined) resolve();
        else reject(why);
      };
      const take = (text: string): void => {
        try {
          onLine?.(text);
        } catch (error) {
          mistake ??= error instanceof Error ? error : new Error(String(error));
        }
        this.#taken.add(id, text.length);
      };
      this.#commands.set(command, { end, take });
      this.#port.post({ kind: "run", id, command, line, lines: onLine !== undefined });
    });
  }

  #close(session: number): void {
    this.#sessions.delete(session);
    for (const running of this.#running.values()) {
      if (running.session === session) running.abort.abort(refuse("the job was closed here"));
    }
  }

  /** The agent has been silent for too long: it is frozen, cut off or gone, and others may own. */
  #abortAll(): void {
    for (const { abort } of this.#running.values()) {
      abort.abort(refuse("the agent has not renewed its claims in time"));
    }
  }
}

/** For questions, which cannot listen: nobody waits for the answer of one that was told to stop. */
function unlessAborted<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    answer.then(resolve, reject);
  });
}

/** An answer of jobrunner's own in the place of a body's failure. */
class Refusal extends Error {
  override readonly cause: JobrunnerError;

  constructor(cause: JobrunnerError) {
    super(cause.message);
    this.name = "AbortError";
    this.cause = cause;
  }
}

function refuse(why: string): Refusal {
  return new Refusal(new JobrunnerError("OWNERSHIP_LOST", `Ownership lost: ${why}.`));
}

/** Starts the time limit of a body; the answer ends it. */
function limited(atom: string, limitMs: number, abort: AbortController): () => void {
  return startTimer(limitMs, () => abort.abort(timedOut(atom, limitMs)));
}
