import type { DutyState, HealthView } from "../common/wire.js";
import type { Clock } from "../common/clock.js";
import { JobrunnerError } from "../common/error.js";
import type { Persistence } from "../persistence/persistence.js";
import type { Doing } from "./cluster/view.js";
import type { Manifest } from "./runner/runner.js";
import type { Sweep } from "./sweep.js";

export type Checked = Pick<Persistence, "check">;

export interface HealthParts {
  readonly agent: string;
  readonly manifest: Manifest;
  /** False while the agent starts or leaves. */
  readonly ready: boolean;
  readonly duty: DutyState;
  readonly persistence: Checked;
  readonly sweep: Pick<Sweep, "boardId" | "disagreement">;
  readonly boardOk: boolean;
  /** False when the loop that renews claims stands still. */
  readonly turning: boolean;
  /** Why no runner can be started. */
  readonly trouble: string | undefined;
  /** What is wrong with the registry; it keeps nobody from working. */
  readonly registry: string | undefined;
}

/** Whether the agent takes jobs, check by check, for `/readyz`. */
export async function healthOf(parts: HealthParts): Promise<HealthView> {
  const { agent, manifest, sweep, boardOk, trouble, registry } = parts;
  const { flows, problems } = manifest;
  const broken = problems.map((problem) => problem.file).join(", ");
  const loaded = `${flows.length} loaded${broken === "" ? "" : `, not loaded: ${broken}`}`;
  const checks = [
    { name: "agent", ...agentHealth(parts) },
    { name: "flows", ok: flows.length > 0, detail: loaded },
    { name: "runners", ok: trouble === undefined, detail: trouble ?? "can be started" },
    { name: "persistence", ...(await persistenceHealth(parts.persistence)) },
    {
      name: "board",
      ok: sweep.boardId !== undefined && boardOk,
      detail: sweep.disagreement ?? (boardOk ? "answers" : "does not answer"),
    },
    {
      ...{ name: "claims", ok: parts.turning },
      detail: parts.turning ? "are renewed in time" : "the loop that renews them stands still",
    },
    { name: "registry", ok: true, detail: registry ?? "answers" },
  ];
  return { ok: checks.every((check) => check.ok), agent, checks };
}

/** Who may ask for health may be a stranger: the database is asked only so often, ms. */
const KEPT_MS = 1_000;

/** The same check; what it said, or is about to say, is told to all who ask shortly after. */
export function keptCheck(persistence: Checked, clock: Pick<Clock, "monotonic">): Checked {
  let kept: Promise<void> | undefined;
  let until = 0;
  return {
    check() {
      if (kept !== undefined && clock.monotonic() < until) return kept;
      until = Number.POSITIVE_INFINITY;
      kept = persistence.check().finally(() => (until = clock.monotonic() + KEPT_MS));
      return kept;
    },
  };
}

/** What a service manager is told of an agent. */
export interface Pulse {
  /** False when only a new start helps. */
  readonly alive: boolean;
  /** For people, in a few words. */
  readonly note: string;
}

/** From memory alone: it is asked for again and again, and nothing else may be disturbed by that. */
export function pulseOf(alive: boolean, { state, note, jobs, slots }: Doing): Pulse {
  const used = `${String(jobs.length)} of ${String(slots)} slots in use`;
  return { alive, note: `${note ?? state}, ${used}` };
}

function agentHealth({ ready, duty }: HealthParts): { ok: boolean; detail: string } {
  if (!ready) return { ok: false, detail: "starting or leaving" };
  return duty === "ready" ? { ok: true, detail: "takes jobs" } : { ok: false, detail: duty };
}

async function persistenceHealth(persistence: Checked): Promise<{ ok: boolean; detail: string }> {
  try {
    await persistence.check();
    return { ok: true, detail: "answers, and can be written to" };
  } catch (error) {
    const hint = error instanceof JobrunnerError ? error.hint : undefined;
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, detail: hint === undefined ? why : `${why} ${hint}` };
  }
}
