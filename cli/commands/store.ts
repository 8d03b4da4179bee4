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

/** What a job has, by where it comes from: `params.port` is another value than `results.port`. */
const PARTS = ["params", "results", "outputs"] as const;
type Values = Readonly<Record<(typeof PARTS)[number], Readonly<Record<string, Json>>>>;

/** One of these. */
interface Stored {
  /** With its part, so that no other value has it. */
  readonly key: string;
  readonly name: string;
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
  const values = valuesOf(await client.get<JobDetailView>(path));
  const data = key === undefined ? listOf(values) : oneOf(values, key);
  await printData(terminal, options.output, data);
  return EXIT.ok;
}

export function valuesOf({ params, tree, outputs = {} }: JobDetailView): Values {
  return { params, results: resultsOf(tree), outputs };
}

function storedOf(values: Values): readonly Stored[] {
  return PARTS.flatMap((part) =>
    Object.entries(values[part]).map(([name, value]) => ({ key: `${part}.${name}`, name, value })),
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

export function listOf(values: Values): Data {
  const all = storedOf(values);
  const rows = all.map(({ key, value }) => [key, valueText(value)].map((text) => ({ text })));
  const columns = [{ title: "KEY" }, { title: "VALUE", flexible: true }];
  return {
    view: values,
    items: all.map(({ key, value }) => ({ key, value })),
    names: all.map(({ key }) => key),
    table: (style) => (style.tty ? renderTable(style, columns, rows) : renderTabs(rows)),
  };
}

export function oneOf(values: Values, key: string): Data {
  const found = find(storedOf(values), key);
  const { value } = found;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { view: value, names: [key], table: (style) => (style.tty ? clean(text) : text) };
}

/** By its key, or by its name alone when nothing else of the job is called so. */
function find(all: readonly Stored[], key: string): Stored {
  const whole = all.find((each) => each.key === key);
  if (whole !== undefined) return whole;
  const called = all.filter(({ name }) => name === key);
  const [found] = called;
  if (found === undefined) throw nothingCalled(all, key);
  if (called.length === 1) return found;
  const keys = called.map((each) => each.key).join(" and ");
  throw new JobrunnerError("USAGE", `"${key}" may be ${keys}`, { hint: "Name one of them whole." });
}

function nothingCalled(all: readonly Stored[], key: string): JobrunnerError {
  const keys = all.map((each) => each.key);
  const meant = nearest(key, [...keys, ...all.map(({ name }) => name)]);
  return new JobrunnerError("NOT_FOUND", `the job has nothing that is called "${key}"`, {
    hint: meant === undefined ? `It has ${keys.join(", ") || "none"}.` : `did you mean ${meant}?`,
  });
}
