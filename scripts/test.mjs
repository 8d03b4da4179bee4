// `npm test`: everything, from a bare clone. Installs what the lock says when it is not there,
// builds, and runs each stage; quiet while all is well, the whole output of the first that fails.
// `npm test -- unit e2e` runs these stages only. `npm test -- --install-servers` installs Redis,
// Consul and MariaDB from Debian's packages first, as continuous integration (CI set) does.
import { installCommand, needsInstall, requireNode, ROOT } from "./stages/setup.mjs";
import { runStage } from "./stages/run.mjs";
import {
  howToInstall,
  lacksServer,
  installServersCommand,
  missingServers,
  haveOtherServers,
} from "./stages/servers.mjs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const MINUTE = 60_000;
const LINT_CACHE = join(ROOT, "node_modules", ".cache", "eslint");

function bin(path, ...args) {
  return [process.execPath, join(ROOT, "node_modules", path), ...args];
}

function vitest(project, ...args) {
  return bin("vitest/vitest.mjs", "run", "--project", project, ...args);
}

/** In order; those next to each other that only read the tree run at the same time. */
const STAGES = [
  { name: "build", limitMs: 3 * MINUTE, command: [process.execPath, "scripts/build.mjs"] },
  {
    name: "format",
    reads: true,
    limitMs: 3 * MINUTE,
    command: bin("prettier/bin/prettier.cjs", "--check", "--cache", "--log-level", "warn", "."),
  },
  {
    // Only what changed is read again; continuous integration starts without a cache.
    name: "lint",
    reads: true,
    limitMs: 3 * MINUTE,
    command: bin("eslint/bin/eslint.js", "--cache", "--cache-location", LINT_CACHE, "."),
  },
  {
    name: "types",
    reads: true,
    limitMs: 3 * MINUTE,
    command: bin("typescript/bin/tsc", "-p", "tsconfig.json"),
  },
  {
    // Authors may already have the next compiler: what they must be told is tested with both.
    name: "types7",
    reads: true,
    limitMs: 3 * MINUTE,
    command: bin("typescript7/bin/tsc", "-p", "tsconfig.json", "--incremental", "false"),
  },
  { name: "tidy", reads: true, limitMs: 3 * MINUTE, command: vitest("tidy") },
  { name: "unit", limitMs: 5 * MINUTE, command: vitest("unit") },
  { name: "coverage", limitMs: 5 * MINUTE, command: vitest("engine", "--coverage") },
  { name: "integration", limitMs: 10 * MINUTE, command: vitest("integration") },
  { name: "property", limitMs: 10 * MINUTE, command: vitest("property") },
  { name: "servers", limitMs: 20 * MINUTE, command: vitest("servers") },
  { name: "cluster", limitMs: 20 * MINUTE, command: vitest("cluster") },
  { name: "e2e", limitMs: 20 * MINUTE, command: vitest("e2e") },
];

const INSTALL_SERVERS = "--install-servers";
const wanted = process.argv.slice(2).filter((argument) => argument !== INSTALL_SERVERS);
const unknown = wanted.find((name) => !STAGES.some((stage) => stage.name === name));
if (unknown !== undefined) {
  console.error(`error: there is no stage ${unknown}`);
  console.error(`hint:  the stages are ${STAGES.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

requireNode();
const began = performance.now();
const chosen = STAGES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (needsInstall()) {
  chosen.unshift({ name: "install", limitMs: 10 * MINUTE, command: installCommand() });
}
const OF_SERVERS = ["servers", "cluster"];
const skipped = chosen.some(({ name }) => OF_SERVERS.includes(name)) ? chooseServers(chosen) : [];
for (const group of groupsOf(chosen.filter((stage) => !skipped.includes(stage)))) await show(group);
const passed = `${chosen.length - skipped.length} stages passed`;
const left = skipped.map(({ name }) => `, ${name} SKIPPED`).join("");
console.log(`\n${passed}${left} in ${seconds(performance.now() - began).trim()}`);

/**
 * Sees to the programs of the servers; returns the stages to skip for want of any server. Machines
 * of people are theirs: packages of the system are installed when somebody asks.
 */
function chooseServers(stages) {
  const missing = missingServers();
  if (missing.length === 0) return [];
  if (process.env.CI !== undefined || process.argv.includes(INSTALL_SERVERS)) {
    const command = installServersCommand(missing);
    stages.unshift({ name: "packages", limitMs: 10 * MINUTE, command });
    return [];
  }
  console.error(howToInstall(missing));
  // Without one of the smaller things only the tests that need it are skipped, each by itself.
  if (haveOtherServers() || !lacksServer(missing)) return [];
  return stages.filter(({ name }) => OF_SERVERS.includes(name));
}

function groupsOf(stages) {
  const groups = [];
  for (const stage of stages) {
    const last = groups.at(-1);
    if (stage.reads && last?.at(-1).reads) last.push(stage);
    else groups.push([stage]);
  }
  return groups;
}

async function show(stages) {
  const live = process.stdout.isTTY;
  if (live) process.stdout.write(`… ${stages.map(({ name }) => name).join(", ")}`);
  const results = await Promise.all(stages.map((stage) => runStage(stage)));
  if (live) process.stdout.write("\r\u001b[K");
  for (const [n, { name }] of stages.entries()) tell(name, results[n]);
  const failed = results.find(({ ok }) => !ok);
  if (failed === undefined) return;
  console.log(`\n${failed.output}`);
  process.exit(1);
}

function tell(name, { ok, output, ms }) {
  const tests = /^\s*Tests\s+(.*?)\s*(\(\d+\))?$/m.exec(output)?.[1];
  console.log(`${ok ? "✔" : "✘"} ${name.padEnd(9)}${seconds(ms)}  ${tests ?? ""}`.trimEnd());
  // What one wants to know of tests that passed: seeds, figures, which servers they had.
  const plain = stripVTControlCharacters(output); // The runner colours its own lines come what may.
  for (const [, note] of plain.matchAll(/^note: (.*)$/gm)) console.log(`  ${note}`);
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`.padStart(8);
}
