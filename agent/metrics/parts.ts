import type { AgentParts } from "../parts.js";
import { kindOf } from "../cluster/kind.js";
import { measuredBoard, measuredPersistence, measuredRunners } from "./measured.js";
import type { Metrics } from "./metrics.js";

/** The same parts, watched. */
export function measuredParts(parts: AgentParts, metrics: Metrics): AgentParts {
  return {
    ...parts,
    board: measuredBoard(parts.board, kindOf(parts.config.board), metrics),
    persistence: measuredPersistence(parts.persistence, metrics),
    runners: measuredRunners(parts.runners, metrics),
  };
}
