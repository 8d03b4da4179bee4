import { parseBytes } from "../../common/text/bytes.js";
import type { Fact, FactTable, KeyedName, KeyedValue, PlainName } from "../fact.js";
import type { Facts } from "../facts.js";
import { unknown } from "../source.js";
import { ARCHS, type FactTexts, SYSTEMS } from "./texts.js";

export interface Remembered {
  readonly agent: string;
  /** As it told them: rounded, and not all. */
  readonly facts: FactTexts;
  /** `room=study`, `gpu`. */
  readonly tags: readonly string[];
  /** When, ms since 1970. */
  readonly at: number;
}

/** What an agent told of its machine, as facts again, for when it cannot be asked. */
export function rememberedFacts(told: Remembered): Pick<Facts, "fresh" | "about"> {
  const toFact = <T>(value: T | undefined, text: string | undefined): Fact<T> =>
    value === undefined
      ? unknown(text?.replace(/^unknown: /, "") ?? "it did not tell")
      : { known: value, at: told.at };
  return {
    fresh<N extends keyof FactTable>(name: N) {
      const text = told.facts[name];
      if (name === "agent") return Promise.resolve(toFact(told.agent as FactTable[N], text));
      if (name === "tags") return Promise.resolve(toFact(tagsOf(told) as FactTable[N], text));
      const read = READ[name as PlainName];
      const isTold = read !== undefined && text !== undefined && !text.startsWith("unknown");
      return Promise.resolve(toFact(isTold ? (read(text) as FactTable[N]) : undefined, text));
    },
    about<N extends KeyedName>(name: N, key: string) {
      const items = told.facts[name]?.split(", ") ?? [];
      const value = name === "programs" ? programOf(items, key) : diskOf(items, key);
      return Promise.resolve(toFact(value as KeyedValue<N> | undefined, undefined));
    },
  };
}

function tagsOf({ tags }: Remembered): FactTable["tags"] {
  return Object.fromEntries(
    tags.map((tag) => {
      const [key = "", ...value] = tag.split("=");
      return [key, value.join("=")];
    }),
  );
}

/** `ffmpeg`, or `no ffmpeg`: its path was not told. */
function programOf(items: readonly string[], name: string): string | null | undefined {
  if (items.includes(`no ${name}`)) return null;
  return items.includes(name) ? name : undefined;
}

/** `/srv 128GiB`. */
function diskOf(items: readonly string[], path: string): number | undefined {
  const item = items.find((each) => each.startsWith(`${path} `));
  return item === undefined ? undefined : parseBytes(item.slice(path.length + 1));
}

const text = (told: string): string => told;
const amount = (told: string): number | undefined => {
  const value = Number.parseFloat(told);
  return Number.isNaN(value) ? undefined : value;
};
const kind = (told: string): string | null => (told === "none" ? null : told);

function nameOf(names: Readonly<Record<string, string>>): (told: string) => string {
  return (told) => Object.keys(names).find((name) => names[name] === told) ?? told;
}

type Read<N extends PlainName> = (told: string) => FactTable[N] | undefined;

/** Ports and addresses are not told, or not whole. */
const READ: { readonly [N in PlainName]?: Read<N> } = {
  arch: nameOf(ARCHS),
  os: nameOf(SYSTEMS),
  ...{ kernel: text, node_version: text, cpu_model: text, cpu_count: amount, load: amount },
  memory_total: parseBytes,
  memory_free: parseBytes,
  battery: (told) => (told === "none" ? null : amount(told)),
  on_mains: (told) => told === "yes",
  gpus: (told) => (told === "none" ? [] : told.split(", ")),
  container: kind,
  virtual_machine: kind,
};
