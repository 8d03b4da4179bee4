import type { Import } from "./imports.js";

/** What opens the API on a socket: who needs it tests more than one part. */
const API = "agent/http/server.ts";
const UNIT = /^test\/(?!e2e\/|property\/|tidy)(?:.+\/)?[^./]+\.test\.ts$/;

/** Unit tests that reach the API through what they import of `test/`: they are integration tests. */
export function checkLayers(imports: readonly Import[]): readonly string[] {
  const uses = new Map<string, string[]>();
  for (const { from, to, binding } of imports) {
    if (binding !== "type") uses.set(from, [...(uses.get(from) ?? []), to]);
  }
  return [...uses.keys()]
    .filter((path) => UNIT.test(path) && reaches(path, uses))
    .map(
      (path) =>
        `${path} serves the API: call it ${path.replace(/test\.ts$/, "integration.test.ts")}`,
    );
}

function reaches(path: string, uses: ReadonlyMap<string, readonly string[]>): boolean {
  const met = new Set([path]);
  for (const file of met) {
    for (const to of uses.get(file) ?? []) {
      if (to === API) return true;
      if (to.startsWith("test/")) met.add(to);
    }
  }
  return false;
}
