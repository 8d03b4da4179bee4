import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { commandsPage } from "./commands.js";
import { httpPage } from "./http.js";

/** The pages of docs/reference/ by file name, as they must stand there. */
export async function pages(): Promise<ReadonlyMap<string, string>> {
  const options = await resolveConfig(join(import.meta.dirname, "pages.ts"));
  const made = { "commands.md": commandsPage(), "http.md": httpPage() };
  const formatted = Object.entries(made).map(
    async ([name, text]) => [name, await format(text, { ...options, parser: "markdown" })] as const,
  );
  return new Map(await Promise.all(formatted));
}
