import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentView, JobView } from "../../../common/wire.js";
import { openPersistence } from "../../../persistence/open.js";
import type { Ownership, Persistence } from "../../../persistence/persistence.js";
import { type AgentProcess, startAgent } from "../agents.js";
import { type Effect, readEffects } from "./effects.js";
import type { Place } from "./places.js";
import { freePort } from "../ports.js";
import { until } from "../until.js";

/*
 * Agents as processes, each as on a machine of its own: some `owners`, which take a number of jobs
 * and then are treated badly, and one `heir` with room for all of them, which takes none before.
 */

const FLOWS = join(import.meta.dirname, "..", "..", "..", "test", "e2e", "fixtures", "flows");
const HEIR = "heir";
const WITHIN_MS = 90_000;

export interface FleetOptions {
  readonly dir: string;
  readonly place: Place;
  readonly owners: number;
  /** Jobs that each owner takes at a time. */
  readonly jobsEach: number;
  readonly leaseMs: number;
  /** How the owners reach the database; default as the heir does. */
  readonly ownersDatabase?: string;
}

/** Jobs that all owners hold at one time, each of them as many as it has slots. */
export interface Batch {
  readonly jobs: readonly string[];
  /** By the name of the owner. */
  readonly owned: ReadonlyMap<string, readonly string[]>;
  effects(): readonly Effect[];
  /** Lets the jobs go on; with a name those of that agent only. */
  release(agent?: string): void;
}

export class Fleet implements AsyncDisposable {
  readonly persistence: Persistence;
  readonly #options: FleetOptions;
  readonly #agents = new Map<string, AgentProcess>();
  #batches = 0;

  private constructor(persistence: Persistence, options: FleetOptions) {
    this.persistence = persistence;
    this.#options = options;
  }

  static async open(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(await openPersistence(options.place.database), options);
    try {
      await fleet.complete();
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
    return fleet;
  }

  get owners(): readonly AgentProcess[] {
    return Array.from({ length: this.#options.owners }, (_, n) => this.agent(ownerName(n)));
  }

  get heir(): AgentProcess {
    return this.agent(HEIR);
  }

  agent(name: string): AgentProcess {
    const agent = this.#agents.get(name);
    if (agent === undefined) throw new Error(`${name} is not running`);
    return agent;
  }

  /** Its agents, as on the n-th machine; the heir is on machine 0. */
  machineOf(name: string): number {
    return name === HEIR ? 0 : Number(name.slice("owner".length)) + 1;
  }

  /** Starts those that are not running. */
  async complete(): Promise<void> {
    const { owners, jobsEach } = this.#options;
    const names = Array.from({ length: owners }, (_, n) => ownerName(n));
    await Promise.all([
      this.#start(HEIR, owners * jobsEach + 1),
      ...names.map((name) => this.#start(name, jobsEach)),
    ]);
  }

  /** It has ended, or is about to: a new one starts with the next `complete`. */
  forget(name: string): void {
    this.#agents.delete(name);
  }

  /** Jobs that wait in step `holdAt` with their owners; the heir is free to take them then. */
  async fill(holdAt: number, pauseMs = 0): Promise<Batch> {
    const { dir, owners, jobsEach } = this.#options;
    this.#batches += 1;
    const file = join(dir, `effects-${String(this.#batches)}`);
    const release = join(dir, `release-${String(this.#batches)}`);
    await this.#tell(this.heir, "cordon");
    const params = { file, release, "hold-at": holdAt, pause: pauseMs };
    const jobs = await Promise.all(
      Array.from({ length: owners * jobsEach }, () => post(this.heir, params)),
    );
    const owned = await until(() => this.#allOwned(file, jobs), {
      ...{ withinMs: WITHIN_MS, what: "every owner to take its jobs" },
    });
    await this.#tell(this.heir, "resume");
    return {
      ...{ jobs, owned, effects: () => readEffects(file) },
      release: (agent) => writeFileSync(agent === undefined ? release : `${release}.${agent}`, ""),
    };
  }

  /** The heir's ownerships of `jobs`, once there is one of each. */
  async inherited(jobs: readonly string[], withinMs: number): Promise<readonly Ownership[]> {
    const look = async (): Promise<readonly Ownership[] | undefined> => {
      const all = await Promise.all(jobs.map((job) => this.persistence.ownerships(job)));
      const heirs = all.flat().filter(({ agent }) => agent === HEIR);
      return heirs.length >= jobs.length ? heirs : undefined;
    };
    return until(look, { withinMs, everyMs: 50, what: "the heir to own the jobs" });
  }

  /** Resolves when all of `jobs` ended well. */
  async ended(jobs: readonly string[]): Promise<void> {
    const look = async (): Promise<boolean> => {
      const rows = await Promise.all(jobs.map((job) => this.persistence.job(job)));
      return rows.every((row) => row?.state === "SUCCESS");
    };
    await until(look, { withinMs: WITHIN_MS, everyMs: 50, what: "the jobs to end well" });
  }

  async view(agent: AgentProcess): Promise<AgentView> {
    const answer = await fetch(`${agent.url}/v1/agents/${agent.name}`);
    return (await answer.json()) as AgentView;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent[Symbol.asyncDispose]()));
    await this.persistence[Symbol.asyncDispose]();
  }

  async #start(name: string, slots: number): Promise<void> {
    if (this.#agents.has(name)) return;
    const { dir, place, leaseMs, ownersDatabase = place.database } = this.#options;
    const { board, env } = place.settings(this.machineOf(name));
    const database = name === HEIR ? place.database : ownersDatabase;
    const where = ["--board", board, "--persistence", database];
    const agent = startAgent({
      ...{ name, port: await freePort(), stateHome: join(dir, name), env },
      args: [
        ...[...where, "--flows", FLOWS, "--slots", String(slots)],
        ...["--lease", `${String(leaseMs)}ms`],
      ],
    });
    this.#agents.set(name, agent);
    await agent.ready(WITHIN_MS);
  }

  async #tell(agent: AgentProcess, verb: string): Promise<void> {
    const answer = await fetch(`${agent.url}/v1/agents/${agent.name}/${verb}`, { method: "POST" });
    if (!answer.ok) throw new Error(`${agent.name} does not ${verb}: ${await answer.text()}`);
  }

  /** Who began each job, when each owner has begun as many as it has slots. */
  #allOwned(
    file: string,
    jobs: readonly string[],
  ): ReadonlyMap<string, readonly string[]> | undefined {
    const owned = new Map<string, string[]>();
    for (const [job, agent] of new Map(readEffects(file).map((e) => [e.job, e.agent]))) {
      owned.set(agent, [...(owned.get(agent) ?? []), job]);
    }
    return [...owned.values()].flat().length === jobs.length ? owned : undefined;
  }
}

function ownerName(n: number): string {
  return `owner${String(n)}`;
}

async function post(
  agent: AgentProcess,
  params: Readonly<Record<string, string | number>>,
): Promise<string> {
  const answer = await fetch(`${agent.url}/v1/jobs`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ flow: "ten_steps", params }),
  });
  const body = (await answer.json()) as JobView;
  if (answer.status !== 201) throw new Error(`posting: ${JSON.stringify(body)}`);
  return body.id;
}
