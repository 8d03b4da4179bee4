import { describe } from "vitest";
import { testAppending } from "./persistence/appending.js";
import { testAsking } from "./persistence/asking.js";
import { testHooking } from "./persistence/hooking.js";
import { testListing } from "./persistence/listing.js";
import { testLogging } from "./persistence/logging.js";
import { testPosting } from "./persistence/posting.js";
import { testRaising } from "./persistence/raising.js";
import { testRetaining } from "./persistence/retaining.js";
import type { OpenPersistence } from "./persistence/subject.js";
import { testRetrying } from "./persistence/retrying.js";
import { testScheduling } from "./persistence/scheduling.js";
import { testSlots } from "./persistence/slots.js";
import { testStartDeadline } from "./persistence/start-deadline.js";
import { testSweeping } from "./persistence/sweeping.js";
import { testUniqueKeys } from "./persistence/unique-keys.js";
import { testVerbs } from "./persistence/verbs.js";

/** What every persistence must do; each adapter runs it against itself. */
export function testPersistence(open: OpenPersistence): void {
  describe("posting", () => testPosting(open));
  describe("raising (P-7)", () => testRaising(open));
  describe("appending", () => testAppending(open));
  describe("asking (P-24)", () => testAsking(open));
  describe("hooking", () => testHooking(open));
  describe("listing", () => testListing(open));
  describe("logging", () => testLogging(open));
  describe("scheduling", () => testScheduling(open));
  describe("sweeping", () => testSweeping(open));
  describe("retaining", () => testRetaining(open));
  describe("retrying (P-38, P-39)", () => testRetrying(open));
  describe("releasing, removing, reprioritising (P-40 to P-42)", () => testVerbs(open));
  describe("start deadlines (P-44)", () => testStartDeadline(open));
  describe("slots (P-45)", () => testSlots(open));
  describe("unique keys (P-43)", () => testUniqueKeys(open));
}
