import { JobrunnerError } from "../../common/error.js";
import type { Clock } from "../../common/clock.js";
import type { Clause } from "../../common/job.js";
import type { AgentsView, AgentView, AgentWhyView, LastKnownView } from "../../common/wire.js";
import type { AgentJobsView, JobsPage } from "../../common/wire/agent-why.js";
import type { ForgottenView } from "../../common/wire/forgotten.js";
import type { SnapshotView } from "../../common/wire/facts.js";
import type { Member, Membership } from "../../cluster/membership.js";
import { ifAwake, type Sleeper } from "./if-awake.js";
import type { Peer } from "./peer.js";
import { Roster } from "./roster.js";
import { knownSilence, lastKnown, othersUnknown, silentView } from "./silent.js";

/** What an agent can be told about its duty. */
export type DutyVerb = "drain" | "cordon" | "resume";

/** What every agent tells about all of them, and passes on to one of them. */
export interface Agents {
  /** Of this one. */
  readonly name: string;
  /** This one. */
  self(): Promise<AgentView>;
  /** All; those that do not answer at once are shown as the registry knows them. */
  list(): Promise<AgentsView>;
  /** Throws NOT_FOUND. */
  get(name: string): Promise<AgentView>;
  /** Why that agent takes the jobs that wait, or does not. Throws NOT_FOUND or UNREACHABLE. */
  jobs(name: string, page: JobsPage): Promise<AgentJobsView>;
  /** The same with the snapshot of its facts, when it answers. */
  whole(name: string): Promise<AgentView>;
  /** Whether one that sleeps would fit, by what was known of it last. */
  ifAwake(sleeper: Sleeper, clauses: readonly Clause[]): Promise<AgentWhyView>;
  /** What the others answer at this path, in the order of their names. */
  others<T>(path: string): Promise<readonly OthersAnswer<T>[]>;
  /** Passed on to that agent when it is another one. Throws NOT_FOUND, UNREACHABLE, CONFLICT. */
  tell(name: string, verb: DutyVerb): Promise<AgentView>;
  /**
   * No longer lists an agent that is gone or asleep, `reach`: also where others registered it.
   * Throws NOT_FOUND, and CONFLICT when it is there.
   */
  forget(name: string, reach: "here" | "everywhere"): Promise<ForgottenView>;
}

/** `silent`: why it did not answer; `last`: what the registry knows of it. */
export type OthersAnswer<T> =
  | { readonly agent: string; readonly said: T }
  | { readonly agent: string; readonly silent: string; readonly last: LastKnownView };

export interface AgentsOptions {
  readonly membership: Membership;
  readonly peer: Peer;
  readonly clock: Clock;
  /** Of this agent, and of its machine. */
  readonly name: string;
  readonly machine: string;
  self(): Promise<AgentView>;
  jobs(page: JobsPage): Promise<AgentJobsView>;
  snapshot(): Promise<SnapshotView>;
  obey(verb: DutyVerb): void;
}

/** How long agents are waited for that are asked about themselves, ms. */
const ANSWER_MS = 1_500;
/** The same for a page of jobs, which reads the database first, ms. */
const PAGE_MS = 5_000;
const TWINS = "another machine has an agent of this name: give one of them another (agent.name)";

export function createAgents(options: AgentsOptions): Agents {
  return new KnownAgents(options);
}

class KnownAgents implements Agents {
  readonly #options: AgentsOptions;
  readonly #roster: Roster;

  constructor(options: AgentsOptions) {
    this.#options = options;
    this.#roster = new Roster(options);
  }

  get name(): string {
    return this.#options.name;
  }

  self(): Promise<AgentView> {
    return this.#options.self();
  }

  async list(): Promise<AgentsView> {
    const own = await this.self();
    try {
      const members = await this.#roster.others();
      const asked = await Promise.all(
        members.map(async (member) =>
          member.state === "asleep" ? silentView(member, "asleep") : this.#view(member),
        ),
      );
      return { items: markTwins(unique([own, ...asked]).sort(byName)) };
    } catch (error) {
      // One of them is better than none: it takes jobs for all.
      return { items: [{ ...own, note: othersUnknown(error) }] };
    }
  }

  async get(name: string): Promise<AgentView> {
    return this.#isSelf(name) ? this.self() : this.#view(await this.#roster.find(name));
  }

  async jobs(name: string, page: JobsPage): Promise<AgentJobsView> {
    if (this.#isSelf(name)) return this.#options.jobs(page);
    const query = new URLSearchParams({ limit: String(page.limit) });
    if (page.cursor !== undefined) query.set("cursor", page.cursor);
    const path = `/v1/agents/self/why?${query.toString()}`;
    return this.#ask(await this.#roster.find(name), { method: "GET", path, limitMs: PAGE_MS });
  }

  async whole(name: string): Promise<AgentView> {
    if (!this.#isSelf(name)) return this.#view(await this.#roster.find(name), "whole");
    return { ...(await this.self()), snapshot: await this.#options.snapshot() };
  }

  async others<T>(path: string): Promise<readonly OthersAnswer<T>[]> {
    const members = await this.#roster.others();
    const answers = await Promise.all(
      members.map(async (member): Promise<OthersAnswer<T>> => {
        const last = lastKnown(member);
        const silent = knownSilence(member);
        if (silent !== undefined) return { agent: member.name, silent, last };
        try {
          return await this.#roster.ask<T>(member, { method: "GET", path, limitMs: ANSWER_MS });
        } catch (error) {
          return { agent: member.name, silent: reasonOf(error), last };
        }
      }),
    );
    // A peer that the settings name by its address may be one that is known already, or this one.
    const guessed = (index: number): boolean => members[index]?.byAddress === true;
    const names = answers.filter((_, index) => !guessed(index)).map(({ agent }) => agent);
    const known = new Set([this.name, ...names]);
    return answers.filter(({ agent }, index) => !guessed(index) || !known.has(agent));
  }

  ifAwake(sleeper: Sleeper, clauses: readonly Clause[]): Promise<AgentWhyView> {
    return ifAwake(sleeper, clauses, this.#options.clock);
  }

  async tell(name: string, verb: DutyVerb): Promise<AgentView> {
    if (!this.#isSelf(name)) {
      const path = `/v1/agents/self/${verb}`;
      const member = await this.#roster.find(name);
      return this.#ask(member, { method: "POST", path, limitMs: ANSWER_MS });
    }
    if (verb === "resume") await this.#options.membership.mayResume();
    this.#options.obey(verb);
    return this.self();
  }

  async forget(name: string, reach: "here" | "everywhere"): Promise<ForgottenView> {
    const { membership } = this.#options;
    if (reach === "here") return { agent: name, forgotten: await membership.forget(name, reach) };
    const others = await this.#roster.others();
    const named = others.filter((each) => each.name === name);
    if (named.length === 0 && !this.#isSelf(name)) await this.#roster.find(name); // Throws.
    const silent = await this.#silentOf(named);
    if (silent.length === 0) throw alive(name);
    // Those first that may have it registered where they are: the catalog is told of it by them.
    const heard = others.filter((member) => isHeardOf(member) && !silent.includes(member));
    const elsewhere = await this.#anyForgets(heard, name);
    const here = await membership.forget(name, reach);
    return { agent: name, forgotten: here || elsewhere };
  }

  /** Those of which nothing is heard; whoever said that it sleeps is not waited for. */
  async #silentOf(members: readonly Member[]): Promise<readonly Member[]> {
    const isSilent = await Promise.all(
      members.map(async (member) => {
        const { state } = member.state === "asleep" ? member : await this.#view(member);
        return SILENT.includes(state);
      }),
    );
    return members.filter((_, index) => isSilent[index]);
  }

  /** Whether one of them has forgotten it; who does not answer has not. */
  async #anyForgets(members: readonly Member[], name: string): Promise<boolean> {
    const path = `/v1/agents/${name}/forget?here=true`;
    const request = { method: "POST", path, limitMs: ANSWER_MS } as const;
    const answers = await Promise.all(
      members.map((member) =>
        this.#roster.ask<ForgottenView>(member, request).catch(() => undefined),
      ),
    );
    return answers.some((answer) => answer?.said.forgotten === true);
  }

  #isSelf(name: string): boolean {
    return name === this.name || name === "self";
  }

  async #view(member: Member, how: "brief" | "whole" = "brief"): Promise<AgentView> {
    const path = `/v1/agents/self${how === "brief" ? "?brief=true" : ""}`;
    const request = { method: "GET", path, limitMs: ANSWER_MS } as const;
    try {
      return (await this.#roster.ask<AgentView>(member, request)).said;
    } catch (error) {
      return silentView(member, reasonOf(error));
    }
  }

  async #ask<T>(member: Member, request: Parameters<Roster["ask"]>[1]): Promise<T> {
    try {
      return (await this.#roster.ask<T>(member, request)).said;
    } catch (error) {
      throw passedOn(member.name, error);
    }
  }
}

const SILENT: readonly string[] = ["gone", "asleep", "unreachable"];

function isHeardOf({ state }: Member): boolean {
  return state !== "gone" && state !== "asleep";
}

function passedOn(name: string, error: unknown): unknown {
  // What it refuses it refuses in its own words.
  if (!(error instanceof JobrunnerError) || error.code === "CONFLICT") return error;
  return new JobrunnerError(error.code, `agent ${name} cannot be asked: ${error.message}`, {
    hint: `See what is known of it: jobrunner agents ${name}. Or ask it on its own machine.`,
    cause: error,
  });
}

function alive(name: string): JobrunnerError {
  return new JobrunnerError("CONFLICT", `agent ${name} is there`, {
    hint: "Stop it first: one that stops cleanly is not listed any more.",
  });
}

/** A peer that the settings name by its address may be one that is known already, or this one. */
function unique(views: readonly AgentView[]): AgentView[] {
  const known = new Map<string, AgentView>();
  for (const view of views) {
    const key = `${view.name} ${view.machine ?? ""}`;
    if (!known.has(key)) known.set(key, view);
  }
  return [...known.values()];
}

function markTwins(views: readonly AgentView[]): readonly AgentView[] {
  const isTwin = ({ name }: AgentView): boolean =>
    views.filter((each) => each.name === name && each.state !== "gone").length > 1;
  return views.map((view) => {
    if (!isTwin(view)) return view;
    return { ...view, note: view.note === undefined ? TWINS : `${view.note}; ${TWINS}` };
  });
}

function byName(a: AgentView, b: AgentView): number {
  return a.name < b.name ? -1 : 1;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
