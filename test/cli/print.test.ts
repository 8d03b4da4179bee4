import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Data, dataText } from "../../cli/print.js";
import { OUTPUT_FORMATS } from "../../cli/options.js";
import { createStyle } from "../../cli/screen/style.js";

const STYLE = createStyle({ env: {}, tty: false });
const JOBS = [
  { id: "a1", name: "no", at: "2027-01-31T18:00:00.000Z", text: "two\nlines \u001b[31m" },
  { id: "b2", name: "0x10" },
];
const DATA: Data = {
  view: { items: JOBS },
  items: JOBS,
  names: ["a1", "b2"],
  table: () => "a1\tb2",
};

describe("data", () => {
  it("is the same in json, jsonl and yaml", async () => {
    const json = await dataText(STYLE, "json", DATA);
    const jsonl = await dataText(STYLE, "jsonl", DATA);
    const yaml = await dataText(STYLE, "yaml", DATA);

    expect(JSON.parse(json)).toEqual(DATA.view);
    expect(jsonl.split("\n").map((line) => JSON.parse(line) as unknown)).toEqual(JOBS);
    const [document] = parseAllDocuments(yaml);
    expect(document?.toJS()).toEqual(DATA.view);
  });

  it("in yaml is read alike by readers of 1.1 and 1.2, and commands no terminal", async () => {
    const yaml = await dataText(STYLE, "yaml", DATA);

    const [old] = parseAllDocuments(yaml, { version: "1.1" });
    expect(old?.toJS()).toEqual(DATA.view);
    expect(yaml).not.toContain("\u001b");
  });

  it("in yaml can be printed one after the other", async () => {
    const yaml = [
      await dataText(STYLE, "yaml", { ...DATA, view: JOBS[0] }),
      await dataText(STYLE, "yaml", { ...DATA, view: JOBS[1] }),
    ];

    const documents = parseAllDocuments(yaml.join("\n"));
    expect(documents.map((document) => document.toJS() as unknown)).toEqual(JOBS);
  });

  it("as names has nothing else, and is a table by default", async () => {
    expect(await dataText(STYLE, "name", DATA)).toBe("a1\nb2");
    expect(await dataText(STYLE, undefined, DATA)).toBe("a1\tb2");
    expect(await dataText(STYLE, "wide", DATA)).toBe("a1\tb2");
  });

  it("that is no list is one line of jsonl", async () => {
    const one = { view: JOBS[1], names: ["b2"], table: () => "" };

    expect(await dataText(STYLE, "jsonl", one)).toBe('{"id":"b2","name":"0x10"}');
    for (const format of OUTPUT_FORMATS)
      await expect(dataText(STYLE, format, one)).resolves.toBeTypeOf("string");
  });
});
