import { createAbilities, type Abilities } from "../../../agent/matching/abilities.js";
import type { CapabilityInfo, Manifest, Runners } from "../../../agent/runner/runner.js";
import { BUILTIN_CAPABILITIES } from "../../../capabilities/builtin/all.js";
import type { Verdict } from "../../../capabilities/capability.js";
import { LIMIT_MS } from "../../../capabilities/evaluate.js";
import { hasCode } from "../../../common/error.js";
import { type Clause, formatClause } from "../../../common/job.js";
import type { CheckedView } from "../../../common/wire/doctor.js";
import type { Config } from "../../../config/config.js";
import { span } from "../../screen/time.js";
import { systemClock } from "../../clock.js";
import { openFacts } from "../compose.js";
import { ok, warn } from "./check.js";
import { nearestThere } from "./machine.js";

/** For all capabilities together, ms: what is left then is not asked. */
const ASKING_MS = 8_000;

/** Every capability that can be asked here, with arguments that somebody might give it. */
export async function capabilityChecks(
  config: Config,
  runners: Runners,
  manifest: Manifest,
): Promise<readonly CheckedView[]> {
  const facts = openFacts(config);
  await using _open = facts;
  const abilities = createAbilities({ facts, runners, clock: systemClock });
  abilities.learn(manifest);
  const clauses = await clausesOf(config, runners, manifest);
  const asked = await askAll(abilities, clauses);
  const infos = new Map(manifest.capabilities.map((info) => [info.name, info]));
  return [
    summary(clauses.length, asked),
    ...asked.flatMap((each) => complaint(each, infos.get(each.clause.name))),
  ];
}

interface Asked {
  readonly clause: Clause;
  readonly verdict: Verdict;
  readonly tookMs: number;
}

/**
 * One after the other, so that none is slow because of another; a first answer that nobody could
 * tell does not count, since runners and facts start with it.
 */
async function askAll(abilities: Abilities, clauses: readonly Clause[]): Promise<readonly Asked[]> {
  const until = systemClock.monotonic() + ASKING_MS;
  const asked: Asked[] = [];
  for (const clause of clauses) {
    if (systemClock.monotonic() > until) break;
    const first = await askOne(abilities, clause);
    asked.push("unknown" in first.verdict ? await askOne(abilities, clause) : first);
  }
  return asked;
}

async function askOne(abilities: Abilities, clause: Clause): Promise<Asked> {
  abilities.forget();
  const began = systemClock.monotonic();
  const verdict = await abilities.verdict(clause);
  return { clause, verdict, tookMs: systemClock.monotonic() - began };
}

function summary(count: number, asked: readonly Asked[]): CheckedView {
  const answers = asked.filter(({ verdict }) => !("unknown" in verdict));
  const [slowest] = answers.toSorted((a, b) => b.tookMs - a.tookMs);
  const which =
    slowest === undefined
      ? ""
      : `, the slowest in ${span(slowest.tookMs)}: ${formatClause(slowest.clause)}`;
  const silent = asked.filter((each) => !answers.includes(each));
  const names = silent.map(({ clause }) => formatClause(clause)).join(", ");
  const unknown = silent.length === 0 ? "" : `; unknown here: ${names}`;
  const rest = count - asked.length;
  const left = rest === 0 ? "" : `; ${rest} were not asked, as the others took so long`;
  return ok("capabilities", `${answers.length} of ${count} can tell${which}${unknown}${left}`);
}

/** Nobody can tell: no job that asks for it is ever taken here. */
function complaint(
  { clause, verdict, tookMs }: Asked,
  info: CapabilityInfo | undefined,
): readonly CheckedView[] {
  if (!("unknown" in verdict)) return [];
  const builtin = BUILTIN_CAPABILITIES.get(clause.name);
  const limitMs = info?.limitMs ?? builtin?.limitMs ?? LIMIT_MS;
  const isSlow = tookMs >= limitMs;
  const detail = `${formatClause(clause)}: ${verdict.unknown}; jobs that ask for it wait`;
  if (info !== undefined) {
    const fix = isSlow
      ? `let it answer sooner, or give it more than ${span(limitMs)}: timeLimit in ${info.file}`
      : `look at its check in ${info.file}`;
    return [warn("capabilities", detail, fix)];
  }
  // What a machine does not tell is no trouble while nobody asks; what is told late is.
  const [fact] = builtin?.needs ?? [];
  const told = fact === undefined ? "" : `, or say what is so: facts: { ${fact}: ... }`;
  const fix = `look at what keeps this machine busy${told} (docs/capabilities.md)`;
  return isSlow ? [warn("capabilities", detail, fix)] : [];
}

/** Those of the settings, of flows that are posted without flags, and each by itself. */
async function clausesOf(
  { onlyWhen, name, directory }: Config,
  runners: Runners,
  manifest: Manifest,
): Promise<readonly Clause[]> {
  const ofFlows = await Promise.all(
    manifest.flows.map((flow) => clausesOfFlow(runners, flow.name)),
  );
  const bare = manifest.capabilities.filter(({ usage }) => usage === "");
  const all: readonly Clause[] = [
    ...onlyWhen,
    ...ofFlows.flat(),
    ...bare.map((info) => ({ name: info.name, args: [] })),
    ...builtinClauses({ name, directory }),
  ];
  return [...new Map(all.map((clause) => [formatClause(clause), clause])).values()];
}

async function clausesOfFlow(runners: Runners, flow: string): Promise<readonly Clause[]> {
  try {
    return (await runners.prepare(flow, {})).clauses;
  } catch (error) {
    // It cannot be posted without flags, or not at all, which is looked at elsewhere.
    if (hasCode(error, "BAD_PARAMETERS", "BAD_FLOW")) return [];
    throw error;
  }
}

/** Arguments that cost as much as any others. */
function builtinClauses({ name, directory }: Pick<Config, "name" | "directory">): Clause[] {
  const args: Readonly<Record<string, Clause["args"]>> = {
    os_is: ["linux"],
    node_version: [">=20"],
    has_program: ["node"],
    has_tag: ["any"],
    on_agent: [name],
    not_on_agent: [name],
    memory_free: [1],
    disk_free: [nearestThere(directory), 1],
    port_is_free: [1],
    battery_above: [1],
  };
  return [...BUILTIN_CAPABILITIES.keys()].map((each) => ({ name: each, args: args[each] ?? [] }));
}
