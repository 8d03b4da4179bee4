import { ERROR_CODES, type ErrorCode, hasCode, JobrunnerError } from "../../common/error.js";
import { type Address, type AddressOptions, findAddresses, namedBy } from "./addresses.js";
import { clusterAgents, furtherAddresses } from "./cluster.js";
import { type EventsOptions, readEvents, type StreamEvent } from "./event-stream.js";
import { type Answer, type Exchange, exchange, NOBODY_LISTENS } from "./exchange.js";
import { findCa, findToken } from "./trust.js";

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
  /** Of something that was there: when an answer was lost and now there is none, it is done. */
  delete(path: string): Promise<void>;
  /** The same by a POST; undefined when its answer was lost. */
  remove<T>(path: string): Promise<T | undefined>;
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
  const [token, ca] = await Promise.all([findToken(env), findCa(env)]);
  const asking = { env, token, ca, say };
  const addresses = await findAddresses(options, (local) => clusterAgents(local, asking));
  const further = namedBy(options) === undefined ? () => furtherAddresses(asking) : undefined;
  return new AgentClient(addresses, { say, token, ca, further });
}

interface Asking extends Pick<ClientOptions, "say">, Trust {
  /** Whom to ask when none of the addresses answers; called once. */
  readonly further: (() => Promise<readonly Address[]>) | undefined;
}

/** What an agent is told and believed by. */
type Trust = Pick<Exchange, "token" | "ca">;

class AgentClient implements Client {
  #addresses: readonly Address[];
  #further: Asking["further"];
  #looking: Promise<void> | undefined;
  readonly #say: (line: string) => void;
  readonly #trust: Trust;

  constructor(addresses: readonly Address[], { say, further, ...trust }: Asking) {
    this.#addresses = addresses;
    this.#further = further;
    this.#say = say;
    this.#trust = trust;
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

  async delete(path: string): Promise<void> {
    await this.#ask({ method: "DELETE", path, removes: true, timeoutMs: ANSWER_MS });
  }

  async remove<T>(path: string): Promise<T | undefined> {
    const request = { method: "POST", path, removes: true } as const;
    const answer = await this.#ask({ ...request, timeoutMs: ANSWER_MS });
    return isDone(answer) ? (answer.body as T) : undefined;
  }

  async events(path: string, options: EventsOptions = {}): Promise<AsyncIterable<StreamEvent>> {
    const { lastEventId, signal } = options;
    const request = { method: "GET", path, signal, stream: { lastEventId } } as const;
    const { events } = await this.#ask({ ...request, timeoutMs: ANSWER_MS });
    if (events !== undefined) return readEvents(events, options);
    throw new JobrunnerError("UNREACHABLE", `${this.agent} answers with no stream of events`);
  }

  async #ask(request: Asked): Promise<Answer> {
    const failures: string[] = [];
    const tried = new Set<Address>();
    let lost = false; // An agent may have done it without a word.
    for (let next = await this.#next(tried); next !== undefined;) {
      const address = next;
      tried.add(address);
      const answer = await this.#try(address, request, tried);
      if (typeof answer !== "string") {
        this.#addresses = [address, ...this.#addresses.filter((each) => each !== address)];
        if (lost && isGone(request, answer)) return answer;
        // What an agent refuses, another one refuses as well: it is no silence.
        return checked(answer);
      }
      failures.push(`${address.label}: ${answer}`);
      lost ||= answer !== NOBODY_LISTENS;
      next = await this.#next(tried);
      const isNews = address.assumed !== true || answer !== NOBODY_LISTENS;
      if (next !== undefined && isNews) {
        this.#say(`agent ${address.label} does not answer (${answer}), asking ${next.label}`);
      }
    }
    throw unreachable(failures);
  }

  /** The answer, or why that agent gives none. */
  async #try(
    address: Address,
    request: Asked,
    tried: ReadonlySet<Address>,
  ): Promise<Answer | string> {
    const { url, label, named, token } = address;
    const isLast = this.#untried(tried) === undefined && this.#further === undefined;
    try {
      const answer = await exchange({
        ...{ ...request, ...this.#trust, url: url + request.path },
        token: this.#trust.token ?? token,
        ...(named === true ? { only: label } : {}),
        timeoutMs: request.timeoutMs - (isLast ? 0 : ANSWER_MS - NEXT_MS),
      });
      if (named === true && answer.agent !== undefined && answer.agent !== label) {
        return `that address belongs to ${answer.agent}`;
      }
      const isClear = isDone(answer) || toProblem(answer) !== undefined;
      return isClear ? answer : `it answered with status ${answer.status}`;
    } catch (error) {
      if (!hasCode(error, "UNREACHABLE")) throw error;
      return error.message;
    }
  }

  /** By what was tried, not by place: another request may have put them in another order by now. */
  async #next(tried: ReadonlySet<Address>): Promise<Address | undefined> {
    const known = this.#untried(tried);
    if (known !== undefined) return known;
    const further = this.#further;
    this.#further = undefined;
    if (further !== undefined) this.#looking = this.#look(further);
    await this.#looking; // Of whichever request began it.
    return this.#untried(tried);
  }

  #untried(tried: ReadonlySet<Address>): Address | undefined {
    return this.#addresses.find((address) => !tried.has(address));
  }

  async #look(further: NonNullable<Asking["further"]>): Promise<void> {
    const known = new Set(this.#addresses.map(({ url }) => url));
    const more = (await further()).filter(({ url }) => !known.has(url));
    this.#addresses = [...this.#addresses, ...more];
  }
}

type Asked = Omit<Exchange, "url"> & { readonly path: string; readonly removes?: true };

function unreachable(failures: readonly string[]): JobrunnerError {
  return new JobrunnerError("UNREACHABLE", `no agent answers (${failures.join("; ")})`, {
    hint: "Start one with `jobrunner run`, or name one with --via ADDRESS or JOBRUNNER_ADDR.",
    retryable: true,
  });
}

function isGone({ removes }: Asked, answer: Answer): boolean {
  return removes === true && toProblem(answer)?.code === "NOT_FOUND";
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
