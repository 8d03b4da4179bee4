import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Jiti } from "jiti";
import { hasCode, JobrunnerError } from "../../../common/error.js";
import { compile, validate } from "../../../engine/plan.js";
import { capabilityOf } from "../../../sdk/capabilities/define-capability.js";
import { type FlowDefinition, isFlowDefinition } from "../../../sdk/define-flow.js";
import * as sdk from "../../../sdk/index.js";
import type { HostSettings } from "../messages.js";
import type { CapabilityInfo, FlowInfo, Manifest, PluginProblem } from "../runner.js";
import { findPlugins } from "./plugin-files.js";
import { toProblem } from "./plugin-problem.js";

export type LoadedCapability = NonNullable<ReturnType<typeof capabilityOf>>;

/** The plugins of this runner by name, and what the agent is told of them. */
export interface Loaded {
  readonly flows: ReadonlyMap<string, FlowDefinition>;
  readonly capabilities: ReadonlyMap<string, LoadedCapability>;
  readonly manifest: Manifest;
}

/** For one file, ms: one that awaits for ever must not hide the others. */
const FILE_LIMIT_MS = 10_000;

/** Loads the built-in flows and all plugins; what fails is reported and hurts nothing else. */
export async function loadPlugins(
  settings: HostSettings,
  loading: (file: string) => void,
): Promise<Loaded> {
  const shelf = new Shelf(settings.builtin);
  const problems: PluginProblem[] = [];
  const load = createLoader(settings.cache);
  for (const directory of toDirectories(settings.flows)) {
    const found = findPlugins(directory);
    problems.push(...found.problems);
    for (const file of found.files) {
      if (settings.skip.includes(file)) continue;
      loading(file);
      try {
        shelf.take(await load(file), file);
      } catch (error) {
        problems.push(toProblem(file, error));
      }
    }
  }
  const { flows, capabilities } = shelf;
  return { flows, capabilities, manifest: { ...shelf.infos(), problems } };
}

/** What was loaded so far, each name once. */
class Shelf {
  readonly flows = new Map<string, FlowDefinition>();
  readonly capabilities = new Map<string, LoadedCapability>();
  readonly #flowInfos = new Map<string, FlowInfo>();
  readonly #capabilityInfos = new Map<string, CapabilityInfo>();
  readonly #builtin: readonly string[];

  constructor(builtin: readonly string[]) {
    this.#builtin = builtin;
  }

  infos(): Pick<Manifest, "flows" | "capabilities"> {
    const [flows, capabilities] = [this.#flowInfos.values(), this.#capabilityInfos.values()];
    return { flows: [...flows], capabilities: [...capabilities] };
  }

  /** Throws BAD_FLOW for what is no plugin, or one whose name is taken. */
  take(exported: unknown, file: string): void {
    const capability = capabilityOf(exported);
    if (capability !== undefined) this.#takeCapability(capability, file);
    else if (isFlowDefinition(exported)) this.#takeFlow(exported, file);
    else {
      const message = "has no `export default defineFlow({...})` or `defineCapability({...})`";
      throw new JobrunnerError("BAD_FLOW", message);
    }
  }

  #takeFlow(flow: FlowDefinition, file: string): void {
    const { name, version, migrates, summary, schema } = flow;
    const first = this.#flowInfos.get(name);
    if (first !== undefined) throw duplicate(`flow "${name}"`, first.file);
    tryOut(flow);
    this.#flowInfos.set(name, { name, version, migrates, summary, schema, file });
    this.flows.set(name, flow);
  }

  #takeCapability(capability: LoadedCapability, file: string): void {
    const { name } = capability.head;
    const first = this.#capabilityInfos.get(name)?.file;
    const taken = this.#builtin.includes(name) ? "jobrunner itself" : first;
    if (taken !== undefined) throw duplicate(`capability "${name}"`, taken);
    this.#capabilityInfos.set(name, { ...capability.head, file });
    this.capabilities.set(name, capability);
  }
}

/** The package's own flows first; a directory that leads to them, or comes twice, only once. */
function toDirectories(given: readonly string[]): readonly string[] {
  const seen = new Set(ownFlows());
  const directories = ownFlows().slice(0, 1);
  for (const directory of given) {
    const real = existsSync(directory) ? realpathSync(directory) : directory;
    if (seen.has(real)) continue;
    seen.add(real);
    directories.push(directory);
  }
  return directories;
}

/** Where this installation keeps its flows: the ones that are loaded, then their sources. */
function ownFlows(): string[] {
  const top = join(dirname(fileURLToPath(import.meta.url)), "../../..");
  const places = [join(top, "flows"), join(top, "../flows")];
  const own = top.endsWith("dist") ? places : places.slice(0, 1);
  return own.filter((place) => existsSync(place)).map((place) => realpathSync(place));
}

interface Module {
  readonly default?: unknown;
}

/** Loads modules as they are when they are our own and built, else through jiti. */
function createImporter(cache: string | undefined): (file: string) => Promise<Module> {
  const [own = ""] = ownFlows();
  let jiti: Promise<Jiti> | undefined; // When it is needed: it and its parser cost 100 ms.
  return async (file) => {
    const builtIn = dirname(file) === own && file.endsWith(".js");
    if (builtIn) return (await import(pathToFileURL(file).href)) as Module;
    jiti ??= openJiti(cache);
    return (await jiti).import<Module>(file);
  };
}

async function openJiti(cache: string | undefined): Promise<Jiti> {
  const { createJiti } = await import("jiti");
  return createJiti(import.meta.url, {
    // Not jiti's own default, a folder below /tmp that anybody may have prepared.
    fsCache: cache ?? false,
    interopDefault: true,
    // The author's `import ... from "jobrunner"` is this very installation, wherever the file is.
    virtualModules: { jobrunner: sdk },
  });
}

/** The default export of a file. */
function createLoader(cache: string | undefined): (file: string) => Promise<unknown> {
  const load = createImporter(cache);
  return async (file) => {
    const limit = new AbortController();
    const late = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => {
        reject(new JobrunnerError("BAD_FLOW", `did not load within ${FILE_LIMIT_MS} ms`));
      }, FILE_LIMIT_MS);
      limit.signal.addEventListener("abort", () => clearTimeout(timer));
    });
    try {
      return (await Promise.race([load(file), late])).default;
    } finally {
      limit.abort();
    }
  };
}

/** A flow that cannot run with its own defaults is told now, not when it is posted. */
function tryOut(flow: FlowDefinition): void {
  try {
    const { spec, params } = flow.prepare({});
    validate(compile(spec), Object.keys(params));
  } catch (error) {
    if (!hasCode(error, "BAD_PARAMETERS")) throw error; // Some parameters have no default.
  }
}

function duplicate(what: string, first: string): JobrunnerError {
  return new JobrunnerError("BAD_FLOW", `the ${what} is already defined by ${first}, which stays`, {
    hint: "Give one of them another name.",
  });
}
