import { JobrunnerError } from "../../../common/error.js";
import type { Json } from "../../../common/json.js";
import type { RunOptions } from "../../../sdk/context.js";
import type { Assembled } from "../../../sdk/node.js";
import { timedOut } from "../time-limit.js";
import { type Ask, fromWire, type SessionHead, type ToRunner, toWire } from "../messages.js";
import { createContext } from "./body-context.js";
import { callBody, callDecider } from "./call.js";
import { attribute } from "./console.js";
import { AbortDeadline, mayStart } from "../deadline.js";
import type { CommandLine } from "../guard/guard-messages.js";
import { DeadlineWatch } from "./deadline-watch.js";
import type { Loaded } from "./loader.js";
import { LogBudget } from "../output/budgets.js";
import type { Port } from "./port.js";
import { Progress } from "./progress.js";

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
      const value = ask.ask === "call" ? await this.#call(id, ask) : await this.#consult(ask);
      this.#port.post({ kind: "answer", id, value });
    } catch (error) {
      // A body may throw what it likes; only what was refused before or beside it is our word.
      const own = ask.ask === "prepare" || ask.ask === "open" || error instanceof Refusal;
      const thrown = error instanceof Refusal ? error.cause : error;
      this.#port.post({ kind: "refusal", id, error: toWire(thrown, own) });
    }
  }

  async #consult(ask: Exclude<Ask, CallAsk>): Promise<unknown> {
    switch (ask.ask) {
      case "prepare":
        return this.#flow(ask.flow).prepare(ask.params);
      case "open":
        return this.#open(ask.head);
      case "decide": {
        if (!mayStart(ask.deadline)) throw refuse(`the decider of ${ask.target} may not start`);
        return callDecider(this.#session(ask.session).flow.bodies, ask.decider, ask.results);
      }
    }
  }

  #open(head: SessionHead): unknown {
    const flow = this.#flow(head.flow);
    if (flow.version !== head.version) {
      const message = `The flow "${head.flow}" is version ${flow.version} here; the job wants ${head.version}.`;
      throw new JobrunnerError("FLOW_CHANGED", message);
    }
    const assembled = flow.assemble(head.params);
    this.#sessions.set(head.session, { head, flow: assembled });
    return assembled.spec;
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
    const { flow, head } = this.#session(ask.session);
    const { atom, timeoutMs } = ask.call;
    this.#deadline.extend(ask.deadline);
    // P-34: looked at directly before the body, after everything that can take time.
    if (!mayStart(ask.deadline)) throw refuse(`"${atom}" may not start any more`);
    const abort = new AbortController();
    this.#running.set(id, { session: ask.session, abort });
    this.#watch.watch(true);
    const limit = timeoutMs === undefined ? undefined : limited(atom, timeoutMs, abort);
    const lines = new LogBudget((line) =>
      this.#port.post({ kind: "log", session: ask.session, atom, line }),
    );
    const log = (line: string): void => lines.add(line);
    const progress = new Progress((last) => this.#port.post({ kind: "progress", id, ...last }));
    const ctx = createContext(ask.call, {
      job: head.job,
      agent: this.#agent,
      signal: abort.signal,
      log,
      progress: (fraction, note) => progress.report(fraction, note),
      save: (value) => this.#save(id, value),
      stop: () => this.#port.post({ kind: "stop", id }),
      run: (line, onLine) => this.#run(id, line, onLine),
    });
    try {
      return await attribute(log, () => callBody(flow.bodies, ask, ctx));
    } catch (error) {
      throw abort.signal.reason instanceof Refusal ? abort.signal.reason : error;
    } finally {
      clearTimeout(limit);
      lines.end();
      progress.end();
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

function limited(atom: string, limitMs: number, abort: AbortController): NodeJS.Timeout {
  return setTimeout(() => abort.abort(timedOut(atom, limitMs)), limitMs);
}
