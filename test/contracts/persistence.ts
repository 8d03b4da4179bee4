import { describe } from "vitest";
import type { Persistence } from "../../persistence/persistence.js";
import { testAppending } from "./persistence/appending.js";
import { testAsking } from "./persistence/asking.js";
import { testListing } from "./persistence/listing.js";
import { testPosting } from "./persistence/posting.js";
import { testRaising } from "./persistence/raising.js";
import { testSweeping } from "./persistence/sweeping.js";

export interface PersistenceUnderTest {
  readonly persistence: Persistence;
  /** Moves database time; undefined where it cannot be steered. */
  readonly advance?: (ms: number) => void;
}

/** Makes an empty persistence that is closed when the test is over. */
export type OpenPersistence = () => Promise<PersistenceUnderTest>;

/** What every persistence must do; each adapter runs it against itself. */
export function testPersistence(open: OpenPersistence): void {
  describe("posting", () => testPosting(open));
  describe("raising (P-7)", () => testRaising(open));
  describe("appending", () => testAppending(open));
  describe("asking (P-24)", () => testAsking(open));
  describe("listing", () => testListing(open));
  describe("sweeping", () => testSweeping(open));
}
