import type { Clock } from "../../common/clock.js";
import { hasCode, JobrunnerError } from "../../common/error.js";
import type { LogStream, Said } from "../../common/log.js";
import { AbortDeadline, toJsonDeadline } from "./deadline.js";
import { Commands } from "./guard/commands.js";
import { toError } from "./guard/guarded.js";
import { type FromRunner, fromWire, type HostSettings, type ToRunner, toWire } from "./messages.js";
import { type Asking, OpenCalls } from "./open-calls.js";
import type { Deadline, Manifest } from "./runner.js";
import { LogBudget } from "./output/budgets.js";
import { CallOutputs } from "./output/call-output.js";
import { storable } from "./storable.js";
import type { OpenTransport, Transport } from "./transport/transport.js";

export interface ConnectionOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly settings: HostSettings;
  readonly open: OpenTransport;
  readonly memoryMb?: number;
  output(line: string): void;
  log(session: number, said: Said): void;
  /** The runner and its commands are gone, with how; `loading` is the plugin it was loading then. */
  ended(how: string, loading: string | undefined): void;
}

/** For a sign of life before a body that does not stop is stopped with its runner, ms. */
const PONG_MS = 500;

const ERROR_LINE = /error\b/i;
/** Characters shown of a runner's complaint. */
const COMPLAINT_MAX = 300;

/** One runner: questions out, answers in, and its end. */
export class Connection {
  readonly name: string;
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #calls: OpenCalls;
  readonly #sessions = new Set<number>();
  readonly #ready: Promise<Manifest>;
  #becomeReady: (manifest: Manifest) => void = () => undefined;
  #failReady: (error: Error) => void = () => undefined;
  #loading: string | undefined;
  #isReady = false;
  /** The first line it wrote that names an error, else the last: mostly why it is not ready. */
  #complaint: string | undefined;
  #dead: string | undefined;
  #why: string | undefined;
  #next = 1;
  readonly #deadline = new AbortDeadline();
  readonly #commands = new Commands(this.#deadline);
  readonly #outputs: CallOutputs;
  readonly #pings = new Map<number, AbortController>();

  constructor(options: ConnectionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#outputs = new CallOutputs((session, said) => options.log(session, said));
    this.#calls = new OpenCalls({
      clock: options.clock,
      abort: (id, reason) => {
        this.#post({ kind: "abort", id, reason: toWire(reason, true) });
        // Not left to the body: its runner may be busy with somebody else's endless loop. Without
        // ownership there is no time for a grace: somebody else may start the same.
        if (hasCode(reason, "OWNERSHIP_LOST")) void this.#commands.kill([id]);
        else this.#commands.stop(id);
      },
      over: (id) => this.#commands.stop(id),
      turns: () => this.responsive(PONG_MS),
      kill: () => this.end(),
    });
    this.#ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      this.#failReady = reject;
    });
    this.#ready.catch(() => undefined); // Whoever asks is told; nobody has to ask.
    const own = new LogBudget((line) => options.output(line));
    this.#transport = options.open(
      {
        message: (message) => this.#take(message),
        output: (line) => {
          const named = this.#complaint !== undefined && ERROR_LINE.test(this.#complaint);
          if (!named && line.trim() !== "") this.#complaint = line.trim().slice(0, COMPLAINT_MAX);
          own.add(line);
        },
        ended: (how) => {
          own.end();
          void this.#end(how);
        },
      },
      options.memoryMb === undefined ? {} : { memoryMb: options.memoryMb },
    );
    this.#post({ kind: "settings", settings: options.settings });
  }

  get pid(): number | undefined {
    return this.#transport.pid;
  }

  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** Nothing is opened here and nobody waits for an answer. */
  get idle(): boolean {
    return this.#sessions.size === 0 && this.#calls.size === 0;
  }

  /** Jobs that are open here. */
  get load(): number {
    return this.#sessions.size;
  }

  /**
   * Whether its event loop turns: false when user code computes without a pause. A runner that
   * nobody waits for is not asked.
   */
  async responsive(limitMs: number): Promise<boolean> {
    if (this.#dead !== undefined) return false;
    if (this.#calls.size === 0) return true;
    const ping = this.#next++;
    const answered = new AbortController();
    this.#pings.set(ping, answered);
    this.#post({ kind: "ping", ping });
    await this.#options.clock.sleep(limitMs, answered.signal);
    this.#pings.delete(ping);
    return answered.signal.aborted && !this.dead;
  }

  /** What its plugins declare, once they are loaded. */
  manifest(): Promise<Manifest> {
    return this.#ready;
  }

  hold(session: number): void {
    this.#sessions.add(session);
  }

  /**
   * The session's calls are over for the agent, whatever its bodies still do. Resolves when their
   * commands are gone.
   */
  async release(session: number): Promise<void> {
    if (!this.#sessions.delete(session)) return;
    this.#post({ kind: "close", session });
    const gone = this.kill(session);
    this.#calls.rejectSession(session, lost());
    await gone;
  }

  /** Ends at once the commands of a session's calls, or those of one atom. */
  kill(session: number, atom?: string): Promise<void> {
    return this.#commands.kill(this.#calls.idsOf(session, atom));
  }

  /** The answer, as the message of that question promises it. */
  ask<T>(asking: Asking): Promise<T> {
    if (this.#dead !== undefined) return Promise.reject(this.#died(this.#dead));
    const id = this.#next++;
    if ("deadline" in asking.ask) this.#deadline.extend(asking.ask.deadline);
    const answer = this.#calls.add(id, asking);
    this.#post({ kind: "ask", id, ask: asking.ask });
    return answer as Promise<T>;
  }

  beat(deadline: Deadline): void {
    this.#deadline.extend(deadline);
    this.#post({ kind: "beat", deadline: toJsonDeadline(deadline) });
  }

  /** Ends the runner at once. */
  end(): void {
    this.#transport.kill();
  }

  #post(message: ToRunner): void {
    if (this.#dead === undefined) this.#transport.post(message);
  }

  #take(message: FromRunner): void {
    switch (message.kind) {
      case "loading":
        this.#loading = message.file;
        return;
      case "dying":
        this.#why = message.why;
        return;
      case "ready":
        this.#loading = undefined;
        this.#isReady = true;
        return this.#becomeReady(message.manifest);
      case "began":
        return this.#calls.began(message.id);
      case "answer":
        return this.#settle(message.id, () => this.#calls.resolve(message.id, message.value));
      case "refusal":
        return this.#settle(message.id, () =>
          this.#calls.reject(message.id, fromWire(message.error)),
        );
      case "log":
        return this.#options.log(message.session, message.said);
      case "progress":
        return this.#calls.get(message.id)?.hooks?.progress(message.fraction, message.note);
      case "save":
        return void this.#save(message);
      case "run":
        return void this.#run(message);
      case "taken":
        return this.#outputs.taken(this.#calls.get(message.id), message.characters);
      case "stop":
        return this.#commands.stop(message.id);
      case "pong":
        this.#pings.get(message.ping)?.abort();
    }
  }

  /** A body may return without waiting for what it started: it is not over before that is gone. */
  #settle(id: number, settle: () => void): void {
    this.#commands.stop(id);
    const gone = this.#commands.gone(id);
    if (gone === undefined) settle();
    else void gone.then(settle);
  }

  async #save(message: Extract<FromRunner, { kind: "save" }>): Promise<void> {
    const { id, save, value } = message;
    try {
      const hooks = this.#calls.get(id)?.hooks;
      if (hooks === undefined) throw lost();
      await hooks.saved(storable("The value given to ctx.saved", value));
      this.#post({ kind: "saved", save });
    } catch (error) {
      this.#post({ kind: "saved", save, error: toWire(error, true) });
    }
  }

  async #run(message: Extract<FromRunner, { kind: "run" }>): Promise<void> {
    const { id, command, line, lines } = message;
    const asking = this.#calls.get(id);
    const over = asking === undefined || asking.hooks?.signal.aborted === true;
    if (over || asking.session === undefined || asking.ask.ask !== "call") {
      return this.#post({ kind: "ended", command, error: toWire(lost(), true) });
    }
    const { log, budget } = this.#outputs.of(asking, asking.session, asking.ask);
    const take = (text: string, stream: LogStream): void => {
      log.add(text, stream);
      if (!lines) return;
      budget.sent(text.length);
      this.#post({ kind: "output", command, line: text });
    };
    const end = await this.#commands.run({ call: id, line, output: { take, budget } });
    log.end();
    const error = toError(line.command, end);
    this.#post({ kind: "ended", command, ...(error && { error: toWire(error, false) }) });
  }

  async #end(exit: string): Promise<void> {
    const how = this.#why === undefined ? exit : `${exit}, ${this.#why}`;
    this.#dead = how;
    // Whoever starts the bodies anew must not meet what the dead ones had started.
    await this.#commands.stopAll();
    const error = this.#died(how);
    this.#failReady(error);
    this.#calls.rejectAll(error);
    this.#sessions.clear();
    for (const ping of this.#pings.values()) ping.abort();
    this.#options.ended(how, this.#loading);
  }

  #died(how: string): JobrunnerError {
    if (!this.#isReady) return notStarted(this.name, [how, this.#complaint]);
    const message = `The runner ${this.name} ended in the middle of a call: ${how}.`;
    return new JobrunnerError("RUNNER_DIED", message, { retryable: true });
  }
}

/** Nobody's job is to blame for a runner that was never ready. */
export function notStarted(
  runner: string,
  reasons: readonly (string | undefined)[],
): JobrunnerError {
  const why = reasons.filter((reason) => reason !== undefined).join(": ");
  return new JobrunnerError("NO_RUNNER", `The runner ${runner} could not be started: ${why}`, {
    hint: "Restart the agent when its package was replaced; look for free memory and processes.",
    retryable: true,
  });
}

function lost(): JobrunnerError {
  return new JobrunnerError("OWNERSHIP_LOST", "The job was closed here while its body ran.");
}
