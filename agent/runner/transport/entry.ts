import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/*
 * How to start a module of this package in a process or thread of its own: as it is when the
 * package is built, through jiti when it runs from its TypeScript sources.
 */

/** Arguments for `node` that run the module with these arguments of its own. */
export function nodeArguments(entry: URL, args: readonly string[] = []): readonly string[] {
  if (!isSource(entry)) return [fileURLToPath(entry), ...args];
  const jiti = JSON.stringify(jitiModule().href);
  const path = JSON.stringify(fileURLToPath(entry));
  const code = `import { createJiti } from ${jiti};
process.argv.splice(1, 0, ${path}); // As if it had been started by its name.
await createJiti(${path}, { fsCache: false }).import(${path});`;
  return ["--input-type=module", "--eval", code, "--", ...args];
}

/** The file an author means by a URL: of `x.js` that is not there, the source `x.ts`. */
export function existingModule(url: URL): URL {
  if (existsSync(url)) return url;
  const source = new URL(url.href.replace(/\.(m?)js$/, ".$1ts"));
  return existsSync(source) ? source : url;
}

/** The first two arguments of `new Worker` that run the module. */
export function workerArguments(entry: URL): readonly [URL | string, { readonly eval: boolean }] {
  if (!isSource(entry)) return [entry, { eval: false }];
  const jiti = JSON.stringify(jitiModule().href);
  const path = JSON.stringify(fileURLToPath(entry));
  // CommonJS, since that is what `eval` of a worker runs.
  const code = `import(${jiti}).then((m) => m.createJiti(${path}, { fsCache: false }).import(${path}));`;
  return [code, { eval: true }];
}

/** A module next to `base` by its path without extension. */
export function moduleBeside(base: string, path: string): URL {
  return new URL(`${path}${base.endsWith(".ts") ? ".ts" : ".js"}`, base);
}

function isSource(entry: URL): boolean {
  return /\.m?ts$/.test(entry.pathname);
}

/** Not `import.meta.resolve`: loaders of sources do not all have it. */
function jitiModule(): URL {
  const manifest = createRequire(import.meta.url).resolve("jiti/package.json");
  return new URL("./lib/jiti.mjs", pathToFileURL(manifest));
}
