import { IncomingMessage } from "node:http";
import { ERROR_CODES, type ErrorCode, hasCode, JobrunnerError } from "../../common/error.js";
import { type Address, type AddressOptions, findAddresses } from "./addresses.js";
import { clusterAddresses } from "./cluster.js";
import { type EventsOptions, readEvents, type StreamEvent } from "./event-stream.js";
import { type Answer, type Exchange, exchange, NOBODY_LISTENS, openStream } from "./exchange.js";
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
  const cluster = (local: readonly Address[]): Promise<readonly Address[]> =>
    clusterAddresses(local, { env, token });
  return new AgentClient(await findAddresses(options, cluster), { say, token });
}

class AgentClient implements Client {
  #addresses: readonly Address[];
  readonly #say: (line: string) => void;
  readonly #token: string | undefined;

  constructor(
    addresses: readonly Address[],
    { say, token }: Pick<ClientOptions, "say"> & { readonly token: string | undefined },
  ) {
    this.#addresses = addresses;
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
    throw toError(answer);
  }

  async #ask(request: Asked): Promise<Answer> {
    return checked(await this.#first(request, exchange));
  }

  /** What the first agent that answers does. */
  async #first<T>(request: Asked, send: (exchange: Exchange) => Promise<T>): Promise<T> {
    const failures: string[] = [];
    const order = this.#addresses;
    for (const [index, address] of order.entries()) {
      try {
        const url = address.url + request.path;
        const spare = order.length > index + 1 ? ANSWER_MS - NEXT_MS : 0;
        const timeoutMs = request.timeoutMs - spare;
        const answer = await send({ ...request, url, timeoutMs, token: this.#token });
        this.#addresses = [address, ...order.filter((each) => each !== address)];
        return answer;
      } catch (error) {
        if (!hasCode(error, "UNREACHABLE")) throw error;
        failures.push(`${address.label}: ${error.message}`);
        const next = order[index + 1];
        const isNews = address.assumed !== true || error.message !== NOBODY_LISTENS;
        if (next !== undefined && isNews) {
          this.#say(
            `agent ${address.label} does not answer (${error.message}), asking ${next.label}`,
          );
        }
      }
    }
    throw unreachable(failures);
  }
}

type Asked = Omit<Exchange, "url" | "token"> & { readonly path: string };

function unreachable(failures: readonly string[]): JobrunnerError {
  return new JobrunnerError("UNREACHABLE", `no agent answers (${failures.join("; ")})`, {
    hint: "Start one with `jobrunner run`, or name one with --via ADDRESS or JOBRUNNER_ADDR.",
    retryable: true,
  });
}

function checked(answer: Answer): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw toError(answer);
}

/** The agent's problem document as the error it was made of. */
function toError({ status, body }: Answer): JobrunnerError {
  const problem = typeof body === "object" && body !== null ? body : {};
  const { code, detail, hint, errors } = problem as Readonly<Record<string, unknown>>;
  if (!isErrorCode(code) || typeof detail !== "string") {
    return new JobrunnerError("UNREACHABLE", `the agent answered with status ${status}`);
  }
  return new JobrunnerError(code, detail, {
    ...(typeof hint === "string" ? { hint } : {}),
    ...(Array.isArray(errors) ? { cause: errors } : {}),
  });
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
}
