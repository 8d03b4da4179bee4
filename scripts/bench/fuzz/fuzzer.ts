import { Agent } from "node:http";
import type { Socket } from "node:net";
import type { AgentsView, FlowsView } from "../../../common/wire.js";
import { createRandom, type Random } from "../../../test/property/random.js";
import { type ApiDocument, Documented } from "../../lab/documented.js";
import { type Answer, ask, type Outgoing, outgoingOf } from "./ask.js";
import { curlOf, netcatOf } from "./curl.js";
import { draftOf } from "./draft.js";
import { Faults, wrongOnSocket, wrongWith } from "./faults.js";
import { Known } from "./known.js";
import { mutate } from "./mutation/mutate.js";
import { type Operation, operationsOf } from "./operations.js";
import { attackOf, send } from "./sockets.js";

/** Connections that are left or held at a time; then the oldest is broken off. */
const LEFT_MAX = 200;
/** By then an agent has ended a connection on which no whole request came, ms. */
export const LEFT_MS = 30_000;
/** Of all requests those on a bare socket, and those whose reader goes early. */
const ON_SOCKET = 0.08;
const EARLY = 0.04;

interface Left {
  readonly socket: Socket;
  readonly at: number;
  /** How to open one like it. */
  readonly request: string;
  /** The agent has to end it. */
  readonly mustEnd: boolean;
}

/** Sends requests to an agent, the n-th made of the seed and n alone but for the ids in it. */
export class Fuzzer implements Disposable {
  readonly faults = new Faults();
  /** Answers by their status. */
  readonly statuses = new Map<number, number>();
  /** Operations that have not been answered well yet, by their id. */
  readonly missing: Set<string>;
  requests = 0;
  readonly #url: string;
  readonly #seed: number;
  readonly #documented: Documented;
  readonly #operations: readonly [Operation, ...Operation[]];
  readonly #known: Known;
  readonly #http = new Agent({ keepAlive: true });
  readonly #left = new Set<Left>();

  private constructor(url: string, seed: number, made: Made) {
    const [first, ...rest] = operationsOf(made.document);
    if (first === undefined) throw new Error("the document has no operations");
    this.#url = url;
    this.#seed = seed;
    this.#operations = [first, ...rest];
    this.#documented = new Documented(made.document);
    this.#known = new Known(made.flows, made.agents);
    this.missing = new Set(this.#operations.map(({ id }) => id));
  }

  static async open(url: string, seed: number): Promise<Fuzzer> {
    const get = async (path: string) => (await fetch(url + path)).json();
    const { items: flows } = (await get("/v1/flows")) as FlowsView;
    const { items: agents } = (await get("/v1/agents")) as AgentsView;
    const document = (await get("/v1/openapi.json")) as ApiDocument;
    return new Fuzzer(url, seed, { document, flows, agents: agents.map(({ name }) => name) });
  }

  /** So many at a time, while `more` says so. */
  async run(workers: number, more: () => boolean): Promise<void> {
    const work = async (): Promise<void> => {
      while (more()) {
        this.requests += 1;
        await this.#one(this.requests);
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
  }

  /** Adds connections that the agent should have ended to the faults. */
  checkLeft(): void {
    for (const { request, mustEnd, at } of this.#left) {
      if (mustEnd && performance.now() - at > LEFT_MS) {
        this.faults.add(`a connection is still open after ${LEFT_MS} ms`, request);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    for (const { socket } of this.#left) socket.destroy();
  }

  async #one(n: number): Promise<void> {
    const random = createRandom(Math.imul(this.#seed, 0x9e3779b1) ^ Math.imul(n, 0x85ebca6b));
    const operation = random.pick(this.#operations);
    const draft = draftOf(operation, this.#known, random);
    mutate(draft, random);
    draft.headers["x-request-id"] ??= `fuzz-${String(this.#seed)}-${String(n)}`;
    const outgoing = outgoingOf(draft);
    if (random.chance(ON_SOCKET)) return this.#attack(outgoing, random);
    const leaveMs = random.chance(EARLY) ? random.whole(0, 40) : undefined;
    const curl = `${curlOf(this.#url, outgoing)}  # ${operation.id}, request ${String(n)}`;
    try {
      const answer = await this.#ask(outgoing, leaveMs);
      if (answer !== undefined) this.#take(answer, outgoing, operation, curl);
      else if (leaveMs === undefined) this.faults.add(`${operation.id}: no answer`, curl);
    } catch (error) {
      // Who sends more than is taken may be cut off before the answer is read.
      const large = (outgoing.body?.length ?? 0) > 60_000;
      if (!large) this.faults.add(`${operation.id}: ${String(error)}`, curl);
    }
  }

  #ask(outgoing: Outgoing, leaveMs: number | undefined): Promise<Answer | undefined> {
    const limit = leaveMs === undefined ? {} : { leaveMs };
    return ask(outgoing, { url: this.#url, agent: this.#http, ...limit });
  }

  #take(answer: Answer, outgoing: Outgoing, operation: Operation, curl: string): void {
    const { status, json } = answer;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    const wrong = wrongWith(answer, outgoing, this.#documented);
    if (wrong !== undefined) this.faults.add(`${operation.id}: ${wrong}`, curl);
    if (status === 404 || status === 204) {
      for (const part of outgoing.target.split(/[/?]/)) this.#known.forget(part);
    }
    if (status >= 300 || outgoing.method !== operation.method) return;
    this.missing.delete(operation.id);
    this.#known.learn(operation.path, json);
  }

  async #attack(outgoing: Outgoing, random: Random): Promise<void> {
    const attack = attackOf(outgoing, random);
    const request = `${netcatOf(this.#url, attack)}  # ${attack.name}`;
    const { text, left: socket } = await send(this.#url, attack);
    const wrong = wrongOnSocket(text);
    if (wrong !== undefined) this.faults.add(`${attack.name}: ${wrong}`, request);
    if (socket === undefined) return;
    const left = { socket, at: performance.now(), request, mustEnd: attack.end === "leave" };
    this.#left.add(left);
    socket.once("close", () => this.#left.delete(left));
    // Only one that is read notices its end.
    if (left.mustEnd) socket.resume();
    const [oldest] = this.#left;
    if (this.#left.size > LEFT_MAX) oldest?.socket.destroy();
  }
}

interface Made {
  readonly document: ApiDocument;
  readonly flows: FlowsView["items"];
  readonly agents: readonly string[];
}
