import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pages } from "./reference/pages.js";

/* `npm run reference` writes the pages that are made of the code: docs/reference/. */

const FOLDER = join(import.meta.dirname, "..", "docs", "reference");

mkdirSync(FOLDER, { recursive: true });
for (const [name, text] of await pages()) writeFileSync(join(FOLDER, name), text);
