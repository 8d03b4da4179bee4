import type { AgentView, HealthView } from "../common/wire.js";
import { createCommitter } from "../persistence/committer.js";
import { type Api, createApi } from "./api.js";
import { watchBoard, type WatchedBoard } from "./board-watch.js";
import { type Claims, createClaims } from "./claims.js";
import { Conductor } from "./conductor.js";
import type { DutyVerb } from "./cluster/agents.js";
import { execute } from "./owner/execute.js";
import { Outage } from "./owner/outage.js";
import { Events } from "./events/events.js";
import { tellFlows } from "./events/telling/flows.js";
import { RequestWatch } from "./owner/requests.js";
import { Duty } from "./duty/duty.js";
import { type Checked, healthOf, type Pulse, pulseOf } from "./health.js";
import { handOver, type HandingOver } from "./duty/hand-over.js";
import { type Kept, workedOff } from "./duty/worked-off.js";
import { measuredCapabilities } from "./metrics/measured.js";
import { Metrics } from "./metrics/metrics.js";
import { measuredParts } from "./metrics/parts.js";
import { takeBack } from "./identity.js";
import { createPortrait, type Doing, type SelfPortrait } from "./cluster/view.js";
import { createAbilities } from "./matching/abilities.js";
import { Ledger } from "./matching/ledger.js";
import { Matcher } from "./matching/match.js";
import { Readiness } from "./matching/readiness.js";
import { ProgressBook } from "./jobs/progress.js";
import { createLogs, type Logs } from "./logs/logs.js";
import type { AgentParts, LiveSettings } from "./parts.js";
import type { Manifest } from "./runner/runner.js";
import { limitsOf, RetentionSweep } from "./retention.js";
import { Sleep } from "./duty/sleep.js";
import { bookOf } from "./hooks/book.js";
import { Sweep } from "./sweep.js";
import { createWhyHere, type WhyHere } from "./matching/why.js";

/** How long bodies that were told to stop, and the entries of their jobs, may take at the end, ms. */
const LEAVE_LIMIT_MS = 2_000;

export interface Agent {
  /** Where its API answers. */
  readonly address: string;
  readonly manifest: Manifest;
  /** Hands over what runs, then closes everything; the second call does not wait for tasks. */
  stop(): Promise<void>;
  /** Other settings from now on; jobs that run already are left to end. */
  change(settings: LiveSettings): void;
  pulse(): Pulse;
  /** Resolves when there is nothing more to do here, or something keeps it from taking jobs. */
  workedOff(): Promise<Kept | undefined>;
}

/** Starts the parts in order; resolves when the agent takes jobs. */
export async function startAgent(parts: AgentParts): Promise<Agent> {
  const agent = new RunningAgent(parts);
  try {
    await agent.start();
  } catch (error) {
    await agent.stop();
    throw error;
  }
  return agent;
}

class RunningAgent implements Agent {
  address = "";
  readonly workedOff = (): Promise<Kept | undefined> => {
    const mine = { conductor: this.#conductor, readiness: this.#readiness, sweep: this.#sweep };
    return workedOff({ ...this.#parts, ...this.#api, ...mine }, this.#stopping.signal);
  };
  readonly pulse = (): Pulse => pulseOf(this.#claims.turning, this.#doing());
  readonly #running = () => this.#conductor.running();
  manifest: Manifest = { flows: [], capabilities: [], problems: [] };
  readonly #parts: AgentParts & { readonly board: WatchedBoard };
  readonly #stopping = new AbortController();
  readonly #events: Events;
  readonly #duty: Duty;
  readonly #portrait: SelfPortrait;
  readonly #progress = new ProgressBook();
  readonly #metrics = new Metrics();
  readonly #logs: Logs;
  readonly #outage: Outage;
  readonly #committer;
  readonly #claims: Claims;
  readonly #abilities;
  readonly #matcher: Matcher;
  readonly #sweep: Sweep;
  readonly #retention: RetentionSweep;
  readonly #readiness: Readiness;
  readonly #conductor: Conductor;
  readonly #sleep: Sleep;
  readonly #api: Api;
  readonly #requests: RequestWatch;
  #stopped: Promise<void> | undefined;
  #ready = false;
  #live: LiveSettings;

  constructor(given: AgentParts) {
    const parts = measuredParts(given, this.#metrics);
    const { persistence, runners, identity, facts, clock, log, config } = parts;
    const { incarnation, agent } = identity;
    const databaseNow = (): number => this.#sweep.databaseNow();
    this.#events = new Events({ ...parts, databaseNow, token: () => this.#live.token });
    const { tell } = this.#events;
    const back = (): void => this.#sweep.wake();
    const board = watchBoard(parts.board, { log, tell, back });
    this.#parts = { ...parts, board };
    this.#live = config;
    this.#duty = new Duty(clock, () => this.#live.drainTimeoutMs, tell);
    this.#logs = createLogs({ ...parts, ...config.logs, agent, now: databaseNow });
    const stopping = this.#stopping.signal;
    this.#outage = new Outage({ clock, log, patienceMs: config.patienceMs, stopping });
    this.#committer = createCommitter(persistence, {
      onDown: (error) => (error === undefined ? this.#outage.end() : this.#persistenceDown(error)),
      onRefused: ({ job, seq }) => log.info({ jobId: job, seq }, "an entry came too late: refused"),
    });
    this.#claims = createClaims({
      ...{ board, clock, log, incarnation, entryLost: back },
      renewed: (deadline) => runners.beat(deadline),
    });
    this.#sweep = new Sweep({
      ...{ board, persistence, clock, log, identity, tell, hooks: bookOf(() => this.#api.hooks) },
      ...{ claims: this.#claims, directory: config.directory },
      recovered: () => this.#conductor.wake(),
    });
    this.#abilities = createAbilities({
      ...{ facts, runners, clock },
      watch: (registry) => measuredCapabilities(registry, this.#metrics),
    });
    this.#readiness = new Readiness({
      ...{ leaving: stopping, duty: this.#duty, sweep: this.#sweep, runners },
      ...{ abilities: this.#abilities, onlyWhen: () => this.#live.onlyWhen, tell },
    });
    this.#matcher = new Matcher({
      flows: () =>
        new Map(this.manifest.flows.map((flow) => [flow.name, [flow.version, ...flow.migrates]])),
      ...{ abilities: this.#abilities, ledger: new Ledger({ agent }) },
    });
    const limits = limitsOf(config.retention);
    this.#retention = new RetentionSweep({ ...parts, tell, limits, random: Math.random });
    this.#requests = new RequestWatch({ ...parts, running: this.#running }, stopping);
    this.#conductor = this.#createConductor((job) => this.#api.jobs.wake(job));
    this.#sleep = new Sleep({ ...this.#parts, ...this.#moving(), woken: () => this.#woken() });
    this.#portrait = createPortrait({
      ...this.#parts,
      ...{ address: () => this.address, doing: () => this.#doing() },
    });
    this.#api = createApi({
      ...{ ...this.#parts, abilities: this.#abilities, progress: this.#progress },
      ...{ metrics: this.#metrics, logs: this.#logs.read, events: this.#events },
      ...{ sweep: this.#sweep, why: this.#createWhy() },
      ...{ view: () => this.#view(), health: (checked) => this.#health(checked) },
      ...{ obey: (verb) => this.#obey(verb), token: () => this.#live.token },
      ...{ running: this.#running, putFailed: back },
    });
  }

  async start(): Promise<void> {
    const { board, config, identity, facts, runners, log } = this.#parts;
    facts.start();
    this.address = await this.#api.http.listen({ host: config.host, port: config.port });
    this.#events.tell({ type: "agent.joined" });
    await identity.announce(this.address);
    this.manifest = await runners.manifest();
    this.#abilities.learn(this.manifest);
    tellFlows(this.#events.tell, this.manifest);
    for (const problem of this.manifest.problems) log.error(problem, "plugin not loaded");
    await takeBack(identity, board, log);
    await this.#sweep.start();
    const { scheduler, hooks } = this.#api;
    for (const part of [this.#retention, scheduler, hooks, this.#conductor, this.#sleep])
      part.start();
    this.#ready = true;
    this.#parts.membership.announce(
      () => this.#portrait.forRegistry(),
      (reason) => this.#toldByRegistry(reason),
    );
    const flows = this.manifest.flows.map((flow) => flow.name);
    log.info({ address: this.address, flows, slots: config.slots }, "agent ready");
  }

  stop(): Promise<void> {
    if (this.#stopped !== undefined) this.#duty.hurry();
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    const { log, runners, identity, membership, facts, board, persistence, power } = this.#parts;
    this.#ready = false;
    this.#stopping.abort();
    this.#duty.drain();
    membership.drain("leaving");
    await this.#sleep.stop();
    await this.#conductor.stop();
    await handOver({ ...this.#moving(), lateMs: LEAVE_LIMIT_MS, why: "the agent has left" });
    await power[Symbol.asyncDispose]();
    await this.#requests.ended;
    await Promise.all([this.#sweep.stop(), this.#retention.stop()]);
    await this.#api[Symbol.asyncDispose]();
    const mine = [this.#claims, this.#committer, runners, this.#logs, facts, membership];
    for (const part of [...mine, identity, board, persistence]) await part[Symbol.asyncDispose]();
    log.info("agent stopped");
  }

  change(settings: LiveSettings): void {
    // Its removal takes a restart: until then others take the old one, too.
    const { token = this.#live.token } = settings;
    this.#api.http.replace(settings, settings.tls); // First of all: certificates may be of no use.
    this.#live = { ...settings, ...(token === undefined ? {} : { token }) };
    this.#parts.facts.setTags(settings.tags);
    this.#abilities.forget();
    this.#conductor.wake();
  }

  #persistenceDown(error: Error): void {
    this.#sweep.persistenceDown();
    this.#outage.begin(error, () => {
      this.#claims.loseAll("persistence has not answered for too long");
    });
  }

  #createConductor(ended: (job: string) => void): Conductor {
    const [claims, sweep, power] = [this.#claims, this.#sweep, this.#parts.power];
    return new Conductor({
      ...{ ...this.#parts, claims, random: Math.random, slots: () => this.#live.slots },
      ...{ matcher: this.#matcher, obstacle: () => this.#readiness.obstacle() },
      ...{ surveyed: (survey) => sweep.surveyed(survey), busy: (jobs) => power.busy(jobs) },
      execute: async (claim, control) => {
        this.#requests.look();
        claim.lost.addEventListener("abort", () => this.#metrics.claimLost(), { once: true });
        await execute(claim, control, {
          ...this.#parts,
          ...{ claims, committer: this.#committer, progress: this.#progress },
          ...{ logs: this.#logs.book, leaving: this.#duty.leaving, grace: this.#duty.grace },
          ...{ boardId: () => sweep.boardId ?? "", boardDiffers: () => sweep.boardDiffers() },
          databaseNow: () => sweep.databaseNow(),
          persistenceDown: () => sweep.persistenceDown(),
          ...{ metrics: this.#metrics, tell: this.#events.tell, hooks: this.#api.hooks },
        });
        ended(claim.job);
        this.#logs.wake(claim.job);
      },
    });
  }

  #createWhy(): WhyHere {
    return createWhyHere({
      ...{ ...this.#parts, agent: this.#parts.identity.agent },
      ...{ matcher: this.#matcher, readiness: this.#readiness, slots: () => this.#live.slots },
      running: () => [...this.#conductor.running().keys()],
    });
  }

  #health(persistence: Checked): Promise<HealthView> {
    const { identity, membership, board, runners } = this.#parts;
    return healthOf({
      ...{ agent: identity.agent, manifest: this.manifest, persistence, sweep: this.#sweep },
      ...{ ready: this.#ready, duty: this.#duty.state, trouble: runners.trouble },
      boardOk: board.answers && this.#claims.boardOk,
      ...{ turning: this.#claims.turning, registry: membership.trouble() },
    });
  }

  async #view(): Promise<AgentView> {
    await this.#readiness.obstacle(); // As it is now: nobody may have asked for a while.
    return this.#portrait.view();
  }

  #doing(): Doing {
    const jobs = [...this.#conductor.running().keys()];
    return { ...this.#readiness.known(), slots: this.#live.slots, jobs };
  }

  #moving(): Pick<HandingOver, "clock" | "duty" | "conductor" | "claims"> {
    return { ...this.#parts, duty: this.#duty, conductor: this.#conductor, claims: this.#claims };
  }

  /** Whatever was known before the machine slept may be wrong: claims first. */
  #woken(): void {
    void this.#claims.renewNow();
    this.#abilities.forget();
    for (const fact of ["on_mains", "addresses"] as const) void this.#parts.facts.refresh(fact);
    for (const part of [this.#sweep, this.#api.scheduler, this.#conductor]) part.wake();
  }

  #obey(verb: DutyVerb): void {
    this.#duty[verb]();
    const { told } = this.#duty;
    this.#parts.membership.drain(told === "ready" ? undefined : told);
    this.#parts.log.info({ state: told }, "told what to do with jobs");
    this.#conductor.wake();
  }

  /** An operator put it into maintenance there, or took it out again. */
  #toldByRegistry(reason: string | undefined): void {
    if (this.#stopping.signal.aborted) return;
    this.#duty[reason === undefined ? "resume" : "drain"]();
    this.#parts.log.info({ state: this.#duty.told, reason }, "told in Consul about jobs");
    this.#conductor.wake();
  }
}
