import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "./fleet.js";
import type { Place } from "./places.js";

/**
 * How an owner leaves: killed, told to, or with its whole machine; `outage` is that of all owners'
 * machines within seconds, which is half of such a cluster.
 */
export type Leaving = "kill" | "term" | "machine" | "outage";

/** One owner that left, and when the last of its jobs went on elsewhere, ms after that. */
export interface Failover {
  /** To the ownership that another agent began: it claimed shortly before. */
  readonly claimMs: number;
  /** To the first task there. */
  readonly taskMs: number;
}

/** Longer than any bar. */
const PATIENCE_MS = 15_000;

/** Fills all owners, makes each of them leave, and lets the heir end their jobs; starts new ones. */
export async function failOver(
  fleet: Fleet,
  place: Place,
  { leaving, leaseMs }: { readonly leaving: Leaving; readonly leaseMs: number },
): Promise<readonly Failover[]> {
  const whole = leaving === "machine" || leaving === "outage";
  // Alone where others would be in its way: when the time is short, or when Consul finds out by
  // asking around, which takes it longer the more machines do not answer.
  const alone = leaving === "term" || leaving === "machine";
  const batch = await fleet.fill(1);
  const left = new Map<string, number>();
  const endings: Promise<unknown>[] = [];
  for (const owner of fleet.owners) {
    // Anywhere between two renewals.
    await sleep(Math.random() * leaseMs * 0.25);
    left.set(owner.name, Date.now());
    if (leaving === "term") {
      const stopped = owner.stop();
      stopped.catch(() => undefined); // Told below, when the servers can still be stopped.
      endings.push(stopped);
      // What it runs is not to be interrupted: it comes to its end a moment later.
      batch.release(owner.name);
    } else {
      owner.signal("SIGKILL");
      if (whole) endings.push(consulOf(fleet, place, owner.name).kill());
      endings.push(owner.exited);
    }
    fleet.forget(owner.name);
    if (alone) await fleet.inherited(batch.owned.get(owner.name) ?? [], leaseMs + PATIENCE_MS);
  }
  const heirs = await fleet.inherited(batch.jobs, leaseMs + PATIENCE_MS);
  batch.release();
  await fleet.ended(batch.jobs);
  await Promise.all(endings);
  const begun = new Map<string, number>();
  for (const { job, agent, phase, at } of batch.effects()) {
    if (agent === fleet.heir.name && phase === "begin" && !begun.has(job)) begun.set(job, at);
  }
  const claimed = new Map(heirs.map(({ job, at }) => [job, at]));
  if (whole) {
    await Promise.all([...left.keys()].map((name) => consulOf(fleet, place, name).start()));
  }
  await fleet.complete();
  return [...left].map(([name, at]) => {
    const jobs = batch.owned.get(name) ?? [];
    const last = (times: ReadonlyMap<string, number>): number =>
      Math.max(...jobs.map((job) => times.get(job) ?? Number.POSITIVE_INFINITY)) - at;
    return { claimMs: last(claimed), taskMs: last(begun) };
  });
}

function consulOf(fleet: Fleet, { consuls }: Place, name: string) {
  const consul = consuls?.[fleet.machineOf(name)];
  if (consul === undefined) throw new Error(`the machine of ${name} has no Consul of its own`);
  return consul;
}
