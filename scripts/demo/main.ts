import type { AgentProcess } from "../lab/agents.js";
import { until } from "../lab/until.js";
import { Narrator } from "./narrator.js";
import { askJob, fetchPage, LEASE_S, note, nothingLeft, openScene, PAGE } from "./scene.js";
import type { Scene } from "./scene.js";

/*
 * The main job, for real: post a flow, run it, kill its owner, another agent goes on. Real
 * processes, the real command line, one temporary database; nothing is left behind.
 */

const LIMIT_MS = 55_000;
const SERVED_WITHIN_MS = 15_000;
const TAKEN_WITHIN_MS = LEASE_S * 1_000 + 15_000;

interface Story {
  readonly scene: Scene;
  readonly narrator: Narrator;
  /** Of the page. */
  readonly url: string;
}

async function tell({ scene, narrator, url }: Story): Promise<void> {
  const story = { scene, narrator, url };
  await introduce(story);
  const job = await post(story);
  const first = await serve(story, job);
  await show(story, first, job);
  const second = await killOwner(story, first, job);
  await show(story, second, job);
  await stop(story, second);
}

async function introduce({ scene, narrator }: Story): Promise<void> {
  narrator.say("Two agents on this machine share one SQLite file. There is no other server.");
  for (const { name, url, pid } of scene.agents) {
    narrator.quote(`${name.padEnd(5)}  ${url}  pid ${String(pid)}`);
  }
  await Promise.all(scene.agents.map((agent) => agent.ready()));
  narrator.say("Both are ready.");
}

async function post({ scene, narrator }: Story): Promise<string> {
  const flags = ["--port", String(scene.port), "--root", scene.site];
  const [alpha] = scene.agents;
  narrator.command(`jobrunner post simple_http_webserver ${flags.join(" ")}`);
  const output = await run(scene, "post", "simple_http_webserver", ...flags, "--via", alpha.url);
  narrator.quote(output);
  const id = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(output)?.[0];
  if (id === undefined) throw new Error(`post told no id:\n${output}`);
  return id;
}

/** Waits until the page is there; tells who serves it. */
async function serve(story: Story, job: string): Promise<AgentProcess> {
  const { scene, narrator, url } = story;
  const owner = await servedBy(story, job, scene.agents);
  narrator.say(`${owner.name} owns the job.`);
  narrator.say(`GET ${url} answers 200: "${PAGE}"`);
  return owner;
}

async function servedBy(
  { url }: Story,
  job: string,
  agents: readonly AgentProcess[],
): Promise<AgentProcess> {
  const look = async (): Promise<AgentProcess | undefined> => {
    if (!(await fetchPage(url))?.includes(PAGE)) return undefined;
    const [witness] = agents;
    const view = witness === undefined ? undefined : await askJob(witness, job);
    return agents.find(({ name }) => name === view?.agent);
  };
  const withinMs = Math.max(SERVED_WITHIN_MS, TAKEN_WITHIN_MS);
  return until(look, { withinMs, what: `somebody to serve ${url}` });
}

async function killOwner(story: Story, owner: AgentProcess, job: string): Promise<AgentProcess> {
  const { scene, narrator, url } = story;
  note(scene, owner);
  narrator.command(`kill -9 ${String(owner.pid)}`);
  const killedAt = performance.now();
  owner.signal("SIGKILL");
  narrator.quote(`That was ${owner.name}. It had no time to say anything to anybody.`);
  await until(async () => (await fetchPage(url)) === undefined, {
    withinMs: 5_000,
    what: "the web server to end with its owner",
  });
  narrator.say("The page is gone: the web server ended with its owner.");
  const others = scene.agents.filter((agent) => agent !== owner);
  const next = await servedBy(story, job, others);
  const took = ((performance.now() - killedAt) / 1000).toFixed(1);
  narrator.say(`${next.name} owns the job, at the very step where it was.`);
  narrator.say(`The page is back, ${took} s after the kill; the lease is ${String(LEASE_S)} s.`);
  return next;
}

async function show({ scene, narrator }: Story, via: AgentProcess, job: string): Promise<void> {
  narrator.command(`jobrunner show ${job}`);
  narrator.quote(await run(scene, "show", job, "--via", via.url));
}

async function stop({ scene, narrator }: Story, agent: AgentProcess): Promise<void> {
  note(scene, agent);
  narrator.command(`kill ${String(agent.pid)}`);
  const began = performance.now();
  const { code } = await agent.stop();
  const took = ((performance.now() - began) / 1000).toFixed(1);
  if (code !== 0) throw new Error(`${agent.name} ended with ${String(code)}:\n${agent.output()}`);
  narrator.quote(`That was ${agent.name}, asked to leave.`);
  narrator.say(`It stopped the web server, gave the job back, and ended with 0 after ${took} s.`);
  await nothingLeft(scene);
  const count = String(scene.seen.size);
  narrator.say(`Nothing is left running of the ${count} processes that were seen.`);
}

async function run(scene: Scene, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await scene.jobrunner(...args);
  if (code === 0) return stdout;
  throw new Error(`jobrunner ${args.join(" ")} ended with ${String(code)}:\n${stdout}${stderr}`);
}

/** Rejects on Ctrl-C, SIGTERM and the time limit, so that the scene is always closed. */
function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(name, () => {
        reject(new Error(`interrupted by ${name}`));
      });
    }
    setTimeout(() => {
      reject(new Error(`not done within ${String(LIMIT_MS / 1000)} s`));
    }, LIMIT_MS).unref();
  });
}

const narrator = new Narrator();
narrator.title("A web server that goes on when its owner is killed");
const scene = await openScene();
try {
  const url = `http://127.0.0.1:${String(scene.port)}/`;
  await Promise.race([tell({ scene, narrator, url }), interrupted()]);
  narrator.title(`Done in ${narrator.elapsed()}.`);
} catch (error) {
  process.exitCode = 1;
  const message = error instanceof Error ? error.message : String(error);
  console.error(`\nThe demo failed after ${narrator.elapsed()}: ${message}`);
  for (const { name, output } of scene.agents) {
    if (!message.includes(output())) console.error(`\n${name} said:\n${output()}`);
  }
} finally {
  await scene.close();
}
