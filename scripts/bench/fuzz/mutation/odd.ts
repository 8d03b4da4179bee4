import type { Random } from "../../../../test/property/random.js";
import type { Schema } from "../operations.js";

/* Values that programs stumble over, and those at and beyond the limits that a schema tells. */

const TEXTS = [
  ...["", " ", "\u0000", "a\u0000b", "\n", "\r\n", "\t", "\u001b[2J", "\u007f", "\u009b"],
  ...["\u202e\u2066", "\ufeff", "\ufffd", "\uffff", "e\u0301", "ﬃ", "İ", "ß", "日本語", "👩‍👩‍👧‍👦", "𝕏"],
  ...["'", '"', "\\", "'; DROP TABLE jobs; --", "%", "_", "%_%", "`", "${1}", "{{7*7}}", "$(id)"],
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "undefined", "null"],
  ...[
    "NaN",
    "Infinity",
    "-0",
    "1e999",
    "0x10",
    "9007199254740993",
    "-1",
    "1.5",
    "true",
    "[]",
    "{}",
  ],
  ...[
    "../../etc/passwd",
    "..",
    ".",
    "/",
    "//",
    "%00",
    "%2e%2e",
    "a/b",
    "a?b",
    "a#b",
    "a&b=c",
    "a+b",
  ],
  ...[
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "2026-02-28T24:00:00Z",
  ],
  ...["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999-23:59", "2026-01-01t00:00:00z"],
  ...["1969-12-31T23:59:59.999999999Z", "+010000-01-01T00:00:00Z", "2026-01-01 00:00:00Z"],
  ...[
    "0s",
    "0ms",
    "1e9d",
    "99999999999999999d",
    "106751991167d",
    "0.0000001ms",
    "1.s",
    "1.1.1s",
    ".",
  ],
  ...[
    "0 0 30 2 *",
    "* * * * * *",
    "60 * * * *",
    "@reboot",
    "0 0 L * *",
    "0 0 * * 7#5",
    "*/0 * * * *",
  ],
  ...["Etc/GMT+14", "utc", "Europe/Nowhere", "+25:00", "self", "0.0", "0.1", "999999999999.999999"],
  ...[
    "999999999999999.999999999999999",
    "0:0",
    "a:b:c:d",
    "~",
    "-",
    "0",
    "00000000",
    "ffff",
    "----",
  ],
  ...["on_agent(", "on_agent()", "on_agent((((", "not(", "any_of()", 'tag("', "a".repeat(257)],
] as const;

const NUMBERS = [
  ...[0, -0, 1, -1, 2, 0.5, -1.5, 1e-7, 5e-324, 1e21, 1.7976931348623157e308, 127, 128, 255, 256],
  ...[32_767, 65_536, 2_147_483_647, 2_147_483_648, -2_147_483_649, 4_294_967_296],
  ...[
    Number.MAX_SAFE_INTEGER,
    -Number.MAX_SAFE_INTEGER,
    253_402_300_800_000,
    8_640_000_000_000_001,
  ],
] as const;

const LENGTHS = [63, 64, 65, 100, 128, 129, 255, 256, 257, 512, 1_000, 4_097, 8_193] as const;

export function oddText(random: Random): string {
  const [first, ...rest] = TEXTS;
  const text = random.pick([first, ...rest]);
  if (random.chance(0.1)) return text.repeat(random.whole(2, 40));
  if (random.chance(0.1)) return (text || "x").repeat(random.pick(LENGTHS));
  return random.chance(0.1) ? `${text}${random.pick([first, ...rest])}` : text;
}

export function oddValue(random: Random): unknown {
  const [first, ...rest] = NUMBERS;
  return random.pick<() => unknown>([
    () => oddText(random),
    () => random.pick([first, ...rest]),
    () => random.pick([null, true, false, [], {}]),
    () => [oddText(random), random.pick([first, ...rest])],
    () => ({ [oddText(random)]: oddText(random) }),
    () => nested(random.whole(5, 40), random),
    () => Array.from({ length: random.pick([33, 1_000, 9_000]) }, (_, n) => n),
    () => manyKeys(random.pick([10, 1_000, 9_990, 10_001])),
    () => "x".repeat(random.pick([10_000, 300_000])),
  ])();
}

/** Just inside and just outside of what the schema allows. */
export function limitOf(schema: Schema, random: Random): unknown {
  const { minimum, maximum, maxLength, pattern, maxItems } = schema;
  const longest = maxLength ?? Number(/,(\d+)\}\$?/.exec(pattern ?? "")?.[1] ?? Number.NaN);
  const all: unknown[] = [
    ...(minimum === undefined ? [] : [minimum, minimum - 1, minimum + 0.5]),
    ...(maximum === undefined ? [] : [maximum, maximum + 1]),
    ...(schema.enum ?? []),
    ...(maxItems === undefined ? [] : [[], Array.from({ length: maxItems + 1 }, () => "on_mains")]),
    // Of letters that every pattern of the document takes, and of two bytes each.
    ...(longest > 0 ? ["a".repeat(longest), "a".repeat(longest + 1), "é".repeat(longest)] : []),
  ];
  return all[random.whole(0, all.length - 1)] ?? oddValue(random);
}

function nested(levels: number, random: Random): unknown {
  let value: unknown = 1;
  const list = random.chance(0.5);
  for (let n = 0; n < levels; n += 1) value = list ? [value] : { a: value };
  return value;
}

function manyKeys(count: number): unknown {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${String(n)}`, n]));
}
