import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import pino from "pino";
import { Events } from "../../agent/events/events.js";
import { createHttp } from "../../agent/http/server.js";
import { createJobs, type Jobs } from "../../agent/jobs.js";
import { createLogs, type Logs } from "../../agent/logs/logs.js";
import { createSchedules } from "../../agent/schedules/schedules.js";
import type { Runners } from "../../agent/runner/runner.js";
import { createRunners } from "../../agent/runner/runners.js";
import type { JobBoard } from "../../boards/board.js";
import { AGENT_HEADER } from "../../common/agent-header.js";
import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import { expectDocumented } from "./documented.js";
import { UNASKED } from "./unasked.js";
import { openBoard } from "../../boards/open.js";
import type { Member } from "../../cluster/membership.js";
import { systemClock } from "../../cli/clock.js";
import type { Clock } from "../../common/clock.js";
import type { HealthView } from "../../common/wire.js";
import { openPersistence } from "../../persistence/open.js";
import type { Persistence } from "../../persistence/persistence.js";

/** The HTTP side of an agent on a real database, board and runner; it claims nothing. */
export interface Api extends AsyncDisposable {
  readonly url: string;
  /** Of its database: another API there is one of the same cluster. */
  readonly dir: string;
  readonly jobs: Jobs;
  readonly events: Events;
  /** The agents of the cluster, from now on. */
  members: readonly Member[];
  readonly logs: Logs;
  readonly persistence: Persistence;
  readonly board: JobBoard;
  /** How often a posted job did not reach the board. */
  readonly putFailures: () => number;
  /** What owners of this agent were told at once: job and request. */
  readonly requested: readonly (readonly [string, string])[];
  /** What `/readyz` says from now on. */
  health: HealthView;
  /** Methods that stand in for the real ones from now on. */
  readonly faults: Faults;
  /** Lines of the log, JSON. */
  readonly log: readonly string[];
}

const FLOWS = join(import.meta.dirname, "flows");

export interface Faults {
  persistence: Partial<Persistence>;
  board: Partial<JobBoard>;
  clock: Partial<Clock>;
  runners: Partial<Runners>;
}

/** Resolves when its runner has loaded the flows, so that no test waits for that. */
export async function startApi(dir: string, agent = "alpha"): Promise<Api> {
  const url = `sqlite:${join(dir, "jobs.db")}`;
  const persistence = await openPersistence(url);
  const board = await openBoard(url, { leaseMs: 10_000 });
  const faults: Faults = { persistence: {}, board: {}, clock: {}, runners: {} };
  const runners = createRunners({
    ...{ flows: [FLOWS, brokenFlows(dir)], agent: "alpha", clock: systemClock },
    ...{ transport: "thread", cache: join(dir, "cache") },
  });
  let putFailures = 0;
  const requested: (readonly [string, string])[] = [];
  const lines: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  const health: HealthView = { ok: true, agent, checks: [] };
  const api = { health, members: [] as readonly Member[] };
  const identity = { agent, machine: "machine-1", incarnation: randomBytes(6).toString("hex") };
  const clock = faulty(systemClock, () => faults.clock);
  const events = new Events({
    ...{ persistence, identity, clock, log, config: {}, token: () => undefined },
    ...{ membership: { members: async () => api.members }, databaseNow: () => Date.now() },
  });
  const jobs = createJobs({
    persistence: faulty(persistence, () => faults.persistence),
    board: faulty(board, () => faults.board),
    runners: faulty(runners, () => faults.runners),
    ...{ identity, clock, log, capabilities: BUILTIN_CAPABILITIES, tell: events.tell },
    progress: { of: () => new Map() },
    why: async () => ({ agent: "alpha", able: true, requirements: [] }),
    requested: (job, request) => void requested.push([job, request]),
    onPutFailed: () => (putFailures += 1),
  });
  const schedules = createSchedules({
    ...{ persistence: faulty(persistence, () => faults.persistence), jobs, agent: "alpha" },
    changed: () => undefined,
  });
  const logs = createLogs({
    ...{ persistence: faulty(persistence, () => faults.persistence), clock, log, agent },
    ...{ bytesPerJob: 1024 ** 2, now: () => Date.now() },
  });
  const http = createHttp({
    ...{ ...UNASKED, jobs, schedules, events, logs: logs.read, agent },
    log,
    health: async () => api.health,
  });
  await jobs.flows();
  return Object.assign(api, {
    url: await http.listen({ host: "127.0.0.1", port: 0 }),
    ...{ dir, jobs, logs, events, persistence, board, faults, requested, log: lines },
    putFailures: () => putFailures,
    async [Symbol.asyncDispose]() {
      await events[Symbol.asyncDispose]();
      await http.close();
      await logs[Symbol.asyncDispose]();
      await runners[Symbol.asyncDispose]();
      await board[Symbol.asyncDispose]();
      await persistence[Symbol.asyncDispose]();
    },
  });
}

/** The same object, with some methods replaced while a test wants them to be. */
function faulty<T extends object>(object: T, faults: () => Partial<T>): T {
  return new Proxy(object, {
    get(target, name: keyof T & string) {
      const value: unknown = faults()[name] ?? target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A directory with a plugin that does not even parse; in no source folder, where tools read it. */
function brokenFlows(dir: string): string {
  const flows = join(dir, "flows");
  mkdirSync(flows, { recursive: true });
  writeFileSync(join(flows, "broken.ts"), 'export default { name: "broken" name };\n');
  return flows;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is a text or bytes, else as JSON. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

/** Time for a runner to start on a busy machine, ms. */
export const START_MS = 60_000;

/** One request with exactly these headers; JSON bodies get their content type. */
export function ask(
  url: string,
  { method = "GET", headers = {}, body }: Asked = {},
): Promise<Answer> {
  const raw = typeof body === "string" || Buffer.isBuffer(body);
  const sent =
    body === undefined || raw ? (body as string | Buffer | undefined) : JSON.stringify(body);
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: { ...type, ...headers }, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const { statusCode: status = 0, headers: answered } = incoming;
          const answer = { status, headers: answered, text, json: toJson(text) };
          try {
            // What is no agent has no document.
            if (AGENT_HEADER in answered) expectDocumented(method, url, answer);
            resolve(answer);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(sent);
  });
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // A HEAD, a 204: nothing to read.
  }
}
