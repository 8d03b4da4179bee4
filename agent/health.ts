import type { DutyState, HealthView } from "../common/wire.js";
import type { Persistence } from "../persistence/persistence.js";
import type { Manifest } from "./runner/runner.js";
import type { Sweep } from "./sweep.js";

export interface HealthParts {
  readonly agent: string;
  readonly manifest: Manifest;
  /** False while the agent starts or leaves. */
  readonly ready: boolean;
  readonly duty: DutyState;
  readonly persistence: Pick<Persistence, "check">;
  readonly sweep: Pick<Sweep, "boardId" | "disagreement">;
  readonly boardOk: boolean;
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
    { name: "registry", ok: true, detail: registry ?? "answers" },
  ];
  return { ok: checks.every((check) => check.ok), agent, checks };
}

function agentHealth({ ready, duty }: HealthParts): { ok: boolean; detail: string } {
  if (!ready) return { ok: false, detail: "starting or leaving" };
  return duty === "ready" ? { ok: true, detail: "takes jobs" } : { ok: false, detail: duty };
}

async function persistenceHealth(
  persistence: Pick<Persistence, "check">,
): Promise<{ ok: boolean; detail: string }> {
  try {
    await persistence.check();
    return { ok: true, detail: "answers, and can be written to" };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
