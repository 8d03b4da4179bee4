import type { OutputFormat } from "./options.js";
import type { Style } from "./screen/style.js";
import type { Terminal } from "./terminal.js";

/** What a command has to tell, in each of the ways that people may ask for with `-o`. */
export interface Data {
  /** As the API gives it: what json and yaml print. */
  readonly view: unknown;
  /** The lines of jsonl; the view alone when it is no list. */
  readonly items?: readonly unknown[];
  /** Ids or names alone, for the next command of a script. */
  readonly names: readonly string[];
  /** For people; without a terminal the same columns with tabs between. */
  table(style: Style): string;
}

/** Asked for by default or by name: programs read the other forms. */
export function isTable(output: OutputFormat = "table"): boolean {
  return output === "table" || output === "wide";
}

export async function printData(
  terminal: Terminal,
  output: OutputFormat | undefined,
  data: Data,
): Promise<void> {
  terminal.print(await dataText(terminal.out, output, data));
}

/** Empty when there is nothing to tell. */
export async function dataText(
  style: Style,
  output: OutputFormat | undefined,
  { view, items = [view], names, table }: Data,
): Promise<string> {
  switch (output ?? "table") {
    case "json":
      return JSON.stringify(view, undefined, 2);
    case "jsonl":
      return items.map((item) => JSON.stringify(item)).join("\n");
    case "yaml":
      return yamlText(view);
    case "name":
      return names.join("\n");
    case "table":
    case "wide":
      return table(style);
  }
}

/**
 * Loaded when it is asked for. Each document says where it begins, because some commands print
 * several; what readers of YAML 1.1 would take for a date or for `true` is quoted.
 */
async function yamlText(view: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  const text = stringify(view, { version: "1.1", aliasDuplicateObjects: false, lineWidth: 0 });
  return `---\n${text.trimEnd()}`;
}
