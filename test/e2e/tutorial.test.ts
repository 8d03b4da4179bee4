import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, it } from "vitest";
import { MAIN } from "../../scripts/lab/agents.js";
import { freePort } from "../../scripts/lab/ports.js";
import { until } from "../../scripts/lab/until.js";
import { openPty, type Pty } from "../support/pty.js";
import { tempDir } from "../support/temp.js";

/* docs/tutorial.md, typed into terminals as it stands there, up to its ports. */

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/tutorial.md"), "utf8");
const COMMANDS_MAX = 12;
/** What a terminal makes SIGQUIT of. */
const CTRL_BACKSLASH = "\u001c";
const PROMPT = "ready> ";
/** The lease of the owner that is gone, and slow machines. */
const SHOWN_WITHIN_MS = 30_000;

type Terminal = "first" | "second" | "third";

interface Block {
  readonly kind: "sh" | "text";
  readonly terminal: Terminal;
  readonly lines: readonly string[];
  /** The prose above it. */
  readonly before: string;
}

const FENCED = /([\s\S]*?)^```(sh|text)(?: (\w+))?\n([\s\S]*?)^```$/gm;
const blocks = [...PAGE.matchAll(FENCED)].map(
  ([, before = "", kind, terminal = "first", text = ""]): Block => ({
    kind: kind === "sh" ? "sh" : "text",
    terminal: terminal as Terminal,
    lines: text.trimEnd().split("\n"),
    before,
  }),
);

it("the tutorial does what it says", { timeout: 120_000 }, async () => {
  const commands = blocks.filter(({ kind }) => kind === "sh").flatMap(({ lines }) => lines);
  const reader = new Reader(await readerEnv(), [["8887", String(await freePort())]]);

  for (const { kind, terminal, lines, before } of blocks) {
    if (before.includes("press `Ctrl-\\`")) reader.press("second", CTRL_BACKSLASH);
    if (kind === "text") await reader.sees(terminal, lines);
    else for (const line of lines) await reader.types(terminal, line);
  }

  expect(commands.length).toBeLessThanOrEqual(COMMANDS_MAX);
});

/** A home and a path of their own; agents listen where nobody else does. */
async function readerEnv(): Promise<Readonly<Record<string, string>>> {
  const home = tempDir();
  const bin = join(home, "bin");
  mkdirSync(bin);
  symlinkSync(MAIN, join(bin, "jobrunner"));
  return {
    ...{ HOME: home, XDG_STATE_HOME: "", XDG_CONFIG_HOME: "", XDG_RUNTIME_DIR: home },
    ...{ PATH: [bin, process.env["PATH"]].join(delimiter), NO_COLOR: "1" },
    ...{ JOBRUNNER_API__LISTEN: `127.0.0.1:${String(await freePort())}` },
    ...{ PS1: PROMPT, PROMPT_COMMAND: "", COLUMNS: "120" },
  };
}

/** A word of the page, and what is typed instead. */
type Replaced = readonly [string, string];

/** Somebody with three terminals in one directory, who copies the id of the last job posted. */
class Reader {
  readonly #terminals = new Map<Terminal, Pty>();
  readonly #last = new Map<Terminal, { readonly line: string; readonly from: number }>();

  readonly #env: Readonly<Record<string, string>>;
  readonly #instead: readonly Replaced[];

  constructor(env: Readonly<Record<string, string>>, instead: readonly Replaced[]) {
    this.#env = env;
    this.#instead = instead;
  }

  page(terminal: Terminal): string {
    return this.#terminals.get(terminal)?.shown() ?? "";
  }

  press(terminal: Terminal, keys: string): void {
    this.#terminals.get(terminal)?.type(keys);
  }

  /** Types a line; in the first terminal waits until it is done. */
  async types(terminal: Terminal, given: string): Promise<void> {
    const pty = await this.#open(terminal);
    const [job] =
      [...this.page("first").matchAll(/posted {2}([0-9a-f-]{36})/g)].at(-1)?.slice(1) ?? [];
    const line = [...this.#instead, ["JOB", job ?? "JOB"] as const].reduce(
      (text, [word, other]) => text.replace(word, other),
      given,
    );
    const from = pty.shown().length;
    this.#last.set(terminal, { line: given, from });
    pty.type(`${line}\n`);
    if (terminal === "first") await this.#prompted(pty, from);
  }

  /** Until what the last line printed holds these texts in this order; looks again by `show`. */
  async sees(terminal: Terminal, texts: readonly string[]): Promise<void> {
    const what = texts.join(" ... ");
    const look = async (): Promise<boolean> => {
      const { line = "", from = 0 } = this.#last.get(terminal) ?? {};
      const printed = this.page(terminal).slice(from + line.length);
      if (inOrder(printed, texts)) return true;
      if (line.startsWith("jobrunner show")) await this.types(terminal, line);
      return false;
    };
    await until(look, { withinMs: SHOWN_WITHIN_MS, everyMs: 200, what }).catch((cause: unknown) => {
      throw new Error(`not shown: ${what}\nin: ${this.page(terminal)}`, { cause });
    });
  }

  async #open(name: Terminal): Promise<Pty> {
    const known = this.#terminals.get(name);
    if (known !== undefined) return known;
    const pty = openPty("exec bash --norc --noprofile -i", this.#env);
    this.#terminals.set(name, pty);
    await this.#prompted(pty, 0);
    pty.type(name === "first" ? "cd\n" : "cd ~/first\n");
    await this.#prompted(pty, pty.shown().length);
    return pty;
  }

  async #prompted(pty: Pty, from: number): Promise<void> {
    const isBack = (): boolean => pty.shown().slice(from).trimEnd().endsWith(PROMPT.trimEnd());
    await until(isBack, { withinMs: SHOWN_WITHIN_MS, what: "the prompt" }).catch(
      (cause: unknown) => {
        throw new Error(`not done: ${pty.shown()}`, { cause });
      },
    );
  }
}

function inOrder(printed: string, texts: readonly string[]): boolean {
  let at = 0;
  for (const text of texts) {
    const found = printed.indexOf(text, at);
    if (found < 0) return false;
    at = found + text.length;
  }
  return true;
}
