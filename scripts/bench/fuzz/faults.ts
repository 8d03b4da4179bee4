import type { AgentProcess } from "../../lab/agents.js";
import type { Documented } from "../../lab/documented.js";
import { ANSWER_MS, type Answer, type Outgoing } from "./ask.js";
import type { Attack } from "./sockets.js";

/** Something that must not have happened, the first time it did. */
export interface Fault {
  readonly what: string;
  /** The request that showed it, for a shell. */
  readonly request: string;
  times: number;
}

/** Faults that are the same but for ids and numbers are told once. */
export class Faults {
  readonly #faults = new Map<string, Fault>();

  get all(): readonly Fault[] {
    return [...this.#faults.values()];
  }

  add(what: string, request: string): void {
    const key = what.replaceAll(/[0-9a-f-]{8,}|\d+/gi, "#").slice(0, 160);
    const fault = this.#faults.get(key);
    if (fault === undefined) this.#faults.set(key, { what, request, times: 1 });
    else fault.times += 1;
  }
}

const STACK = /\n?\s+at .*:\d+:\d+|node_modules/;

/** What is wrong with an answer; undefined when nothing is. */
export function wrongWith(
  answer: Answer,
  { method, target }: Outgoing,
  documented: Documented,
): string | undefined {
  const { status, text, cut, tookMs } = answer;
  const path = target.split("?")[0] ?? "";
  const told = `${method} ${path} answered ${status}: ${text.slice(0, 300)}`;
  // An agent that was told to drain says so there.
  if (status >= 500 && !(path === "/readyz" && status === 503)) return told;
  if (status >= 400 && STACK.test(text)) return `a stack in an answer: ${told}`;
  if (tookMs > ANSWER_MS) return `${told} after ${tookMs} ms`;
  if (cut) return undefined;
  try {
    documented.expect(method, `http://localhost${target}`, answer);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What the answers on a bare socket must not be; there may be several, or none. */
export function wrongOnSocket(text: string, { bytes }: Attack): string | undefined {
  const status = /^HTTP\/1\.1 (5\d\d)/m.exec(text)?.[1];
  const drained = status === "503" && bytes.includes("/readyz");
  return status === undefined || drained ? undefined : `answered ${status}: ${text.slice(0, 500)}`;
}

/** Lines of an agent's log, from `from` on, that tell of a defect. */
export function wrongInLog(agent: AgentProcess, from: number): readonly string[] {
  return agent
    .output()
    .slice(from)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith('{"probe"') && isWrong(line))
    .map((line) => `${agent.name} logs: ${line.slice(0, 1_500)}`);
}

/** All that is not a line of the log is a warning of Node, or worse. */
function isWrong(line: string): boolean {
  if (!line.startsWith("{")) return true;
  const { level } = JSON.parse(line) as { readonly level?: number };
  return level === undefined || level >= 50;
}
