import type { Random } from "../../../../test/property/random.js";

/** A JSON text, broken in one of the ways in which bodies arrive broken. */
export function oddBytes(text: string, random: Random): Buffer {
  const at = random.whole(0, text.length);
  return random.pick<() => Buffer>([
    () => Buffer.from(text.slice(0, at)),
    () => Buffer.from(`${text.slice(0, at)}${text}`),
    () => Buffer.from(`\ufeff${text}`),
    () => Buffer.from(text, "utf16le"),
    () => Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xff, 0xc0, 0x80])]),
    () => Buffer.from(`{"__proto__":${text}}`),
    () => Buffer.from(`{"a":1,"a":2,"constructor":{"prototype":${text}}}`),
    () => Buffer.from("[".repeat(random.pick([31, 33, 100_000]))),
    () => Buffer.from(`{"params":${'{"a":'.repeat(30)}1${"}".repeat(30)},"flow":"hello"}`),
    () => Buffer.from(`{"flow":"hello","name":"\\ud800","params":{"\\udfff":1}}`),
    () => Buffer.from(`{"flow":"hello","params":{"name":"${"é".repeat(500_000)}"}}`),
    () => Buffer.from(`{"flow":"hello","params":${"1".repeat(400)}}`),
    () => Buffer.from(`{"flow":"hello","priority":${random.pick(["1e2", "1.0", "-0", "1E400"])}}`),
    () => Buffer.alloc(random.pick([0, 1, 1_048_576, 1_200_000]), " "),
    () => flipped(Buffer.from(text), random),
  ])();
}

/** Some bytes are others. */
export function flipped(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  for (let n = random.whole(1, 4); n > 0 && copy.length > 0; n -= 1) {
    copy[random.whole(0, copy.length - 1)] = random.whole(0, 255);
  }
  return copy;
}
