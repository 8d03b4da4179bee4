import { describe } from "vitest";
import { testAppending } from "./persistence/appending.js";
import { testAsking } from "./persistence/asking.js";
import { testListing } from "./persistence/listing.js";
import { testLogging } from "./persistence/logging.js";
import { testPosting } from "./persistence/posting.js";
import { testRaising } from "./persistence/raising.js";
import { testRetaining } from "./persistence/retaining.js";
import type { OpenPersistence } from "./persistence/subject.js";
import { testSweeping } from "./persistence/sweeping.js";

/** What every persistence must do; each adapter runs it against itself. */
export function testPersistence(open: OpenPersistence): void {
  describe("posting", () => testPosting(open));
  describe("raising (P-7)", () => testRaising(open));
  describe("appending", () => testAppending(open));
  describe("asking (P-24)", () => testAsking(open));
  describe("listing", () => testListing(open));
  describe("logging", () => testLogging(open));
  describe("sweeping", () => testSweeping(open));
  describe("retaining", () => testRetaining(open));
}
