import { afterAll } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { openedSince, openResources } from "./resources.js";

/*
 * Loaded before every test file: the file fails when it leaves something behind that would keep a
 * process alive: an open socket, a timer, a child process. (Node does not list threads.)
 */

/** How long things that were told to close may take; sockets close asynchronously. */
const GRACE_MS = 2_000;

// Taken while the file loads: later a short timer of the test runner may be counted.
const before = openResources();

afterAll(async () => {
  await until(() => openedSince(before).length === 0, { withinMs: GRACE_MS }).catch(() => {
    throw new Error(`This file leaves open: ${openedSince(before).join(", ")}`);
  });
});
