import { JobrunnerError } from "../../common/error.js";
import type { Json } from "../../common/json.js";
import { nearest } from "../../common/text/nearest.js";
import type { JobDetailView, NodeView } from "../../common/wire.js";
import { createClient } from "../api/client.js";
import { jobPath } from "../api/job-path.js";
import { EXIT } from "../exit.js";
import type { CommonOptions } from "../options.js";
import { type Data, printData } from "../print.js";
import { renderTable, renderTabs } from "../screen/table.js";
import { clean } from "../screen/text.js";
import { valueText } from "../screen/value.js";
import { createTerminal } from "../terminal.js";

/** One value that a job has, and where it comes from. */
interface Stored {
  readonly key: string;
  readonly from: "parameter" | "result" | "output";
  readonly value: Json;
}

/**
 * `jobrunner store get JOB [KEY]`: its parameters, what its tasks returned, and its outputs once it
 * has ended well; or one of these.
 */
export async function getStore(
  job: string,
  key: string | undefined,
  options: CommonOptions,
): Promise<number> {
  const terminal = createTerminal(options);
  const path = jobPath(job);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const all = storedOf(await client.get<JobDetailView>(path));
  await printData(terminal, options.output, key === undefined ? listOf(all) : oneOf(all, key));
  return EXIT.ok;
}

function storedOf({ params, tree, outputs = {} }: JobDetailView): readonly Stored[] {
  const parts = [
    ["parameter", params],
    ["result", resultsOf(tree)],
    ["output", outputs],
  ] as const;
  return parts.flatMap(([from, values]) =>
    Object.entries(values).map(([key, value]) => ({ key, from, value })),
  );
}

/** By the name of the task; what a retry hands out is the number of its attempts. */
function resultsOf({
  kind,
  name,
  result,
  children = [],
}: NodeView): Readonly<Record<string, Json>> {
  const own = kind === "task" && result !== undefined ? [[name, result] as const] : [];
  return Object.fromEntries([
    ...own,
    ...children.flatMap((child) => Object.entries(resultsOf(child))),
  ]);
}

function listOf(all: readonly Stored[]): Data {
  const rows = all.map(({ key, from, value }) =>
    [key, from, valueText(value)].map((text) => ({ text })),
  );
  const columns = [{ title: "KEY" }, { title: "IS" }, { title: "VALUE", flexible: true }];
  return {
    view: Object.fromEntries(all.map(({ key, value }) => [key, value])),
    items: all,
    names: all.map(({ key }) => key),
    table: (style) => (style.tty ? renderTable(style, columns, rows) : renderTabs(rows)),
  };
}

/** Of two things with one name the later one: an output rather than a parameter. */
function oneOf(all: readonly Stored[], key: string): Data {
  const keys = all.map((each) => each.key);
  const found = all.findLast((each) => each.key === key);
  if (found === undefined) {
    const meant = nearest(key, keys);
    throw new JobrunnerError("NOT_FOUND", `the job has nothing that is called "${key}"`, {
      hint: meant === undefined ? `It has ${keys.join(", ") || "none"}.` : `did you mean ${meant}?`,
    });
  }
  const { value } = found;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { view: value, names: [key], table: (style) => (style.tty ? clean(text) : text) };
}
