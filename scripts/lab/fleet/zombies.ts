import { setTimeout as sleep } from "node:timers/promises";
import { incarnationOf } from "../../../boards/board.js";
import type { Effect } from "./effects.js";
import type { Batch, Fleet } from "./fleet.js";
import { heldBy, type Place } from "./places.js";
import { familyOf, signal } from "../processes.js";
import type { WireProxy } from "../wire-proxy.js";
import { until } from "../until.js";

/*
 * Owners that sleep through their lease. Their jobs go on with the heir; when they wake, the tasks
 * they were in come to an end at once, so that they have something to record that is too late. An
 * owner that wakes sees by its own clocks that it is too late, and asks for nothing. So in some
 * rounds what they have sent to the database waits on the line until the heir is at work: nothing
 * but the fence keeps that out (P-12).
 */

export interface Zombies {
  readonly stopped: number;
  /** Entries of these owners that persistence refused. */
  readonly refused: number;
  /** What must not be: late checkpoints, late changes of the board, tasks that ran on. */
  readonly faults: readonly string[];
}

/** What an agent logs of an entry that persistence refused. */
const REFUSED = "an entry came too late: refused";
const STEPS = 10;
const PAUSE_MS = 30;
const PATIENCE_MS = 15_000;

export interface Sleep {
  readonly leaseMs: number;
  /** With its runners, as a machine that sleeps. */
  readonly whole: boolean;
  /** The owners' line to the database, when what they send is to be late. */
  readonly line?: Pick<WireProxy, "holding" | "release">;
}

/** One stop of every owner. */
export async function sleepThroughLease(
  fleet: Fleet,
  place: Place,
  { leaseMs, whole, line }: Sleep,
): Promise<Zombies> {
  const batch = await fleet.fill(STEPS, PAUSE_MS);
  const refusedBefore = refusedBy(fleet);
  // Anywhere in their ten steps.
  await sleep(Math.random() * STEPS * PAUSE_MS);
  const { owners, heir } = fleet;
  const asleep = owners.flatMap(({ pid }) => (whole ? familyOf(pid).map((p) => p.pid) : [pid]));
  if (line !== undefined) {
    line.holding = true;
    await sleep(2 * PAUSE_MS); // Until the tasks they are in have ended, and they have said so.
  }
  for (const pid of asleep) signal(pid, "SIGSTOP");
  try {
    await fleet.inherited(batch.jobs, leaseMs * 2 + PATIENCE_MS);
    const last = (): boolean => lastStepBegun(batch.effects(), heir.name) === batch.jobs.length;
    await until(last, { withinMs: PATIENCE_MS, what: "the heir to be in the last step" });
    const before = await claimsOf(fleet, place, batch);
    line?.release();
    for (const { name } of owners) batch.release(name);
    const wokeAt = Date.now();
    for (const pid of asleep) signal(pid, "SIGCONT");
    await until(() => allIdle(fleet), { withinMs: PATIENCE_MS, what: "the owners to let go" });
    const after = await claimsOf(fleet, place, batch);
    batch.release();
    await fleet.ended(batch.jobs);
    return {
      stopped: owners.length,
      refused: refusedBy(fleet) - refusedBefore,
      faults: [
        ...boardFaults(before, after, batch),
        ...effectFaults(batch.effects(), { wokeAt, heir: heir.name }),
        ...(await journalFaults(fleet, batch)),
      ],
    };
  } finally {
    line?.release();
    for (const pid of asleep) signal(pid, "SIGCONT");
  }
}

/** As the owners' logs have it. */
function refusedBy(fleet: Fleet): number {
  const all = fleet.owners.map((owner) => owner.output().split(REFUSED).length - 1);
  return all.reduce((sum, each) => sum + each, 0);
}

function lastStepBegun(effects: readonly Effect[], agent: string): number {
  return new Set(
    effects.filter((e) => e.agent === agent && stepOf(e) === STEPS).map(({ job }) => job),
  ).size;
}

function stepOf({ atom }: Effect): number {
  return Number(atom.slice(atom.lastIndexOf("-") + 1));
}

async function allIdle(fleet: Fleet): Promise<boolean> {
  const views = await Promise.all(fleet.owners.map((owner) => fleet.view(owner)));
  return views.every(({ slots }) => slots?.busy === 0);
}

interface Claims {
  readonly heir: readonly string[];
  readonly others: readonly string[];
}

/** As the board has them, of all incarnations that ever owned one of these jobs. */
async function claimsOf(fleet: Fleet, place: Place, { jobs }: Batch): Promise<Claims> {
  const all = (await Promise.all(jobs.map((job) => fleet.persistence.ownerships(job)))).flat();
  const claims = { heir: [] as string[], others: [] as string[] };
  const incarnations = new Map(all.map(({ owner, agent }) => [incarnationOf(owner), agent]));
  for (const [incarnation, agent] of incarnations) {
    const held = await heldBy(place.board(0), incarnation);
    claims[agent === fleet.heir.name ? "heir" : "others"].push(...held);
  }
  return claims;
}

function boardFaults(before: Claims, after: Claims, { jobs }: Batch): readonly string[] {
  const changed = before.heir.join() !== after.heir.join();
  return [
    ...(before.heir.length === jobs.length ? [] : ["the heir did not hold all jobs"]),
    ...(changed
      ? [`claims of the heir changed: ${before.heir.join()} | ${after.heir.join()}`]
      : []),
    ...after.others.map((claim) => `a claim of an owner that slept is there: ${claim}`),
  ];
}

/**
 * A step begins only when the one before it was acknowledged: after that nobody may begin that one
 * again, and owners that slept may begin none at all.
 */
function effectFaults(
  effects: readonly Effect[],
  { wokeAt, heir }: { readonly wokeAt: number; readonly heir: string },
): readonly string[] {
  const faults: string[] = [];
  const reached = new Map<string, number>();
  for (const effect of effects) {
    const { job, agent, phase, at } = effect;
    if (phase !== "begin") continue;
    const step = stepOf(effect);
    const before = reached.get(job) ?? 0;
    const what = `${job} step ${String(step)} by ${agent}`;
    if (step < before) faults.push(`begun although the next one had been: ${what}`);
    if (agent !== heir && at >= wokeAt) faults.push(`begun after it woke: ${what}`);
    reached.set(job, Math.max(before, step));
  }
  return faults;
}

/** Two ownerships, entries of the first before the second began, each success once. */
async function journalFaults(fleet: Fleet, { jobs }: Batch): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const job of jobs) {
    const [entries, ownerships] = await Promise.all([
      fleet.persistence.load(job),
      fleet.persistence.ownerships(job),
    ]);
    if (ownerships.length !== 2) {
      const owners = ownerships.map(({ agent, ended = "-", at }) => `${agent} ${ended} ${at}`);
      faults.push(`${job} had ${String(ownerships.length)} owners: ${owners.join(", ")}`);
    }
    const second = ownerships.find(({ token }) => token === 2);
    for (const { seq, token } of entries) {
      if (token === (seq < (second?.firstSeq ?? 0) ? 1 : 2)) continue;
      faults.push(`${job} entry ${String(seq)} has token ${String(token)}`);
    }
    const done = entries
      .flatMap(({ changes }) => changes)
      .flatMap((c) => (c.change === "atom" && c.to === "SUCCESS" ? [c.atom] : []));
    if (done.length !== STEPS || new Set(done).size !== STEPS) {
      faults.push(`${job} recorded ${String(done.length)} successes`);
    }
  }
  return faults;
}
