import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory of this test's own, removed when the test is over. */
export function tempDir(): string {
  const path = mkdtempSync(join(tmpdir(), "jobrunner-test-"));
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  });
  return path;
}
