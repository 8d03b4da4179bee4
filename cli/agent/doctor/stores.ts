import { openBoard } from "../../../boards/open.js";
import { formatDuration } from "../../../common/text/duration.js";
import type { CheckedView } from "../../../common/wire/doctor.js";
import { withoutSecrets } from "../../../config/secrets.js";
import { lookAtPersistence } from "../../../persistence/open.js";
import { isAbsent } from "../absent.js";
import { type Check, fail, ok, warn } from "./check.js";

/** Clocks of machines that keep time differ less, ms. */
const SKEW_WARN_MS = 2_000;

/** Opened as an agent does, and left as it was: no step of the schema is made. */
export const PERSISTENCE: Check = {
  name: "persistence",
  async look({ persistence: url, leaseMs }) {
    const where = withoutSecrets(url);
    if (isAbsent(url)) return [ok("persistence", `${where}, which the first agent makes`)];
    const { applied, missing, now } = await lookAtPersistence(url);
    return [schemaCheck(where, applied, missing), clockCheck(now, { leaseMs, where })];
  },
};

function schemaCheck(
  where: string,
  applied: readonly string[],
  missing: readonly string[],
): CheckedView {
  const detail = `${where}, schema ${[...applied].sort().at(-1) ?? "empty"}`;
  if (missing.length === 0) return ok("persistence", detail);
  return warn("persistence", detail, `the next agent adds ${missing.join(", ")}`);
}

/** Due times and back-offs are the database's, and people read those of their own machine. */
function clockCheck(
  theirs: number,
  { leaseMs, where }: { readonly leaseMs: number; readonly where: string },
): CheckedView {
  const skewMs = Math.round(Math.abs(theirs - Date.now()));
  const ahead = theirs < Date.now() ? "ahead of" : "behind";
  if (skewMs <= SKEW_WARN_MS) return ok("clock", "as the database's");
  const detail = `this machine is ${formatDuration(skewMs)} ${ahead} ${where}`;
  const fix = "let both be set by the network: timedatectl set-ntp true";
  return (skewMs > leaseMs / 3 ? fail : warn)("clock", detail, fix);
}

/** Opened as an agent does, which tries every right that it needs, and read once. */
export const BOARD: Check = {
  name: "board",
  async look({ board: url, persistence, leaseMs }) {
    const where = withoutSecrets(url);
    if (isAbsent(url)) return [ok("board", `${where}, which the first agent makes`)];
    const advice: string[] = [];
    const tell = (line: string): void => void advice.push(line);
    const board = await openBoard(url, { leaseMs, warn: tell, holder: "doctor" });
    await using _open = board;
    const { boardId } = await board.survey();
    const inUse = isAbsent(persistence)
      ? undefined
      : (await lookAtPersistence(persistence)).boardId;
    const warnings = advice.map((line) => warn("board", line, "docs/boards.md says how"));
    if (boardId === undefined || inUse === undefined || boardId === inUse) {
      return [ok("board", `${where} answers`), ...warnings];
    }
    const detail = `${where} is board ${boardId}, and the cluster uses ${inUse}`;
    return [fail("board", detail, "jobrunner board use, if this one is right"), ...warnings];
  },
};
