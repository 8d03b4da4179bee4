import { readFileSync } from "node:fs";

/** The package's version; its manifest lies one folder up in the sources, two in the build. */
export function packageVersion(): string {
  for (const place of ["../package.json", "../../package.json"]) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), "utf8");
      return (JSON.parse(text) as { readonly version: string }).version;
    } catch {
      // Not here; the next place.
    }
  }
  return "unknown";
}
