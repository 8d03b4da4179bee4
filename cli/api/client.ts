import { IncomingMessage } from "node:http";
import { ERROR_CODES, type ErrorCode, hasCode, JobrunnerError } from "../../common/error.js";
import { type Address, type AddressOptions, findAddresses, namedBy } from "./addresses.js";
import { clusterAgents, furtherAddresses } from "./cluster.js";
import { type EventsOptions, readEvents, type StreamEvent } from "./event-stream.js";
import {
  agentOf,
  type Answer,
  type Exchange,
  exchange,
  NOBODY_LISTENS,
  openStream,
} from "./exchange.js";
import { findToken } from "./token.js";

/** A request that does not wait for anything is answered in this time, ms. */
const ANSWER_MS = 10_000;
/** The same while there is another agent to ask, ms. */
const NEXT_MS = 3_000;

export interface GetOptions {
  /** How long the agent is asked to wait before it answers, ms. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** Any agent will do: the first one that answers is asked again the next time. */
export interface Client {
  /** Name or address of the agent that answered last. */
  readonly agent: string;
  get<T>(path: string, options?: GetOptions): Promise<T>;
  /** The same key goes to each agent that is tried, or failing over would post twice (P-1). */
  post<T>(path: string, body: unknown, key?: string): Promise<{ body: T; replayed: boolean }>;
  /** The events of one agent's answer, as `readEvents` gives them. */
  events(path: string, options?: EventsOptions): Promise<AsyncIterable<StreamEvent>>;
}

export interface ClientOptions extends AddressOptions {
  /** Tells the person that an agent did not answer and another one is asked. */
  say(line: string): void;
}

/** Throws NOT_FOUND for an unknown agent's name, USAGE for a text that is no address. */
export async function createClient(options: ClientOptions): Promise<Client> {
  const { env, say } = options;
  const token = await findToken(env);
  const addresses = await findAddresses(options, (local) => clusterAgents(local, { env, token }));
  const further = namedBy(options) === undefined ? () => furtherAddresses(env, say) : undefined;
  return new AgentClient(addresses, { say, token, further });
}

interface Asking extends Pick<ClientOptions, "say"> {
  readonly token: string | undefined;
  /** Whom to ask when none of the addresses answers; called once. */
  readonly further: (() => Promise<readonly Address[]>) | undefined;
}

class AgentClient implements Client {
  #addresses: readonly Address[];
  #further: Asking["further"];
  readonly #say: (line: string) => void;
  readonly #token: string | undefined;

  constructor(addresses: readonly Address[], { say, token, further }: Asking) {
    this.#addresses = addresses;
    this.#further = further;
    this.#say = say;
    this.#token = token;
  }

  get agent(): string {
    return this.#addresses[0]?.label ?? "";
  }

  async get<T>(path: string, { waitMs, signal }: GetOptions = {}): Promise<T> {
    const wait = waitMs === undefined ? "" : `${path.includes("?") ? "&" : "?"}wait=${waitMs}ms`;
    const answer = await this.#ask({
      method: "GET",
      path: path + wait,
      timeoutMs: ANSWER_MS + (waitMs ?? 0),
      signal,
    });
    return answer.body as T;
  }

  async post<T>(
    path: string,
    body: unknown,
    key?: string,
  ): Promise<{ body: T; replayed: boolean }> {
    const request = { method: "POST", path, body: JSON.stringify(body), key } as const;
    const answer = await this.#ask({ ...request, timeoutMs: ANSWER_MS });
    return { body: answer.body as T, replayed: answer.replayed };
  }

  async events(path: string, options: EventsOptions = {}): Promise<AsyncIterable<StreamEvent>> {
    const request = { method: "GET", path, timeoutMs: ANSWER_MS, ...options } as const;
    const answer = await this.#first(request, openStream);
    if (answer instanceof IncomingMessage) return readEvents(answer, options);
    throw toProblem(answer) ?? new JobrunnerError("UNREACHABLE", "it sends no events");
  }

  async #ask(request: Asked): Promise<Answer> {
    return checked(await this.#first(request, exchange));
  }

  /** What the first agent that answers does. */
  async #first<T extends Answer | IncomingMessage>(request: Asked, send: Send<T>): Promise<T> {
    const failures: string[] = [];
    for (let index = 0; ; index += 1) {
      const address = await this.#at(index);
      if (address === undefined) throw unreachable(failures);
      const answer = await this.#try(address, index, { request, send });
      if (typeof answer !== "string") {
        this.#addresses = [address, ...this.#addresses.filter((each) => each !== address)];
        return answer;
      }
      failures.push(`${address.label}: ${answer}`);
      const next = await this.#at(index + 1);
      const isNews = address.assumed !== true || answer !== NOBODY_LISTENS;
      if (next !== undefined && isNews) {
        this.#say(`agent ${address.label} does not answer (${answer}), asking ${next.label}`);
      }
    }
  }

  /** The answer, or why that agent gives none. */
  async #try<T extends Answer | IncomingMessage>(
    address: Address,
    index: number,
    { request, send }: { readonly request: Asked; readonly send: Send<T> },
  ): Promise<T | string> {
    const { url, label, named, token } = address;
    const isLast = index + 1 >= this.#addresses.length && this.#further === undefined;
    try {
      const answer = await send({
        ...{ ...request, url: url + request.path, token: this.#token ?? token },
        ...(named === true ? { only: label } : {}),
        timeoutMs: request.timeoutMs - (isLast ? 0 : ANSWER_MS - NEXT_MS),
      });
      const refusal = refusalOf(answer, named === true ? label : undefined);
      if (refusal !== undefined && answer instanceof IncomingMessage) answer.destroy();
      return refusal ?? answer;
    } catch (error) {
      if (!hasCode(error, "UNREACHABLE")) throw error;
      return error.message;
    }
  }

  async #at(index: number): Promise<Address | undefined> {
    const further = this.#further;
    if (index < this.#addresses.length || further === undefined) return this.#addresses[index];
    this.#further = undefined;
    const known = new Set(this.#addresses.map(({ url }) => url));
    const more = (await further()).filter(({ url }) => !known.has(url));
    this.#addresses = [...this.#addresses, ...more];
    return this.#addresses[index];
  }
}

type Asked = Omit<Exchange, "url" | "token"> & { readonly path: string };
type Send<T> = (exchange: Exchange) => Promise<T>;

/**
 * Why an answer is as good as none; what an agent says no to, another one says no to as well, and
 * is no silence. `only`: the agent that was meant.
 */
function refusalOf(answer: Answer | IncomingMessage, only: string | undefined): string | undefined {
  const isStream = answer instanceof IncomingMessage;
  const agent = isStream ? agentOf(answer) : answer.agent;
  if (only !== undefined && agent !== undefined && agent !== only) {
    return `that address belongs to ${agent}`;
  }
  if (isStream || isDone(answer) || toProblem(answer) !== undefined) return undefined;
  return `it answered with status ${answer.status}`;
}

function unreachable(failures: readonly string[]): JobrunnerError {
  return new JobrunnerError("UNREACHABLE", `no agent answers (${failures.join("; ")})`, {
    hint: "Start one with `jobrunner run`, or name one with --via ADDRESS or JOBRUNNER_ADDR.",
    retryable: true,
  });
}

function isDone({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function checked(answer: Answer): Answer {
  const problem = isDone(answer) ? undefined : toProblem(answer);
  if (problem === undefined) return answer;
  throw problem;
}

/** The agent's problem document as the error it was made of; undefined when it is none. */
function toProblem({ body }: Answer): JobrunnerError | undefined {
  const problem = typeof body === "object" && body !== null ? body : {};
  const { code, detail, hint, errors } = problem as Readonly<Record<string, unknown>>;
  if (!isErrorCode(code) || typeof detail !== "string") return undefined;
  return new JobrunnerError(code, detail, {
    ...(typeof hint === "string" ? { hint } : {}),
    ...(Array.isArray(errors) ? { cause: errors } : {}),
  });
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
}
