import { describe } from "vitest";
import { testAgents } from "./board/agents.js";
import { testClaiming } from "./board/claiming.js";
import { testLate } from "./board/late.js";
import { testLeaving } from "./board/leaving.js";
import { testMatching } from "./board/matching.js";
import { testReprioritising } from "./board/reprioritising.js";
import type { OpenBoard } from "./board/subject.js";
import { testWaking } from "./board/waking.js";

export { testBoardOutage, testLastingBoard } from "./board/outage.js";

/** What every board must do; each adapter runs it against itself. */
export function testJobBoard(open: OpenBoard): void {
  describe("matching", () => testMatching(open));
  describe("claiming (P-26)", () => testClaiming(open));
  describe("reprioritising (P-42)", () => testReprioritising(open));
  describe("leaving (P-26)", () => testLeaving(open));
  describe("late and lost messages (P-4, P-27)", () => testLate(open));
  describe("agents", () => testAgents(open));
  describe("waking", () => testWaking(open));
}
