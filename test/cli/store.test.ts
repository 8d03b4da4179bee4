import { describe, expect, it } from "vitest";
import { listOf, oneOf, valuesOf } from "../../cli/commands/store.js";
import { createStyle } from "../../cli/screen/style.js";
import type { JobDetailView } from "../../common/wire.js";
import { RUNNING } from "./views.js";

const STYLE = createStyle({ env: {}, tty: false });
/** Its parameter, task and output share a name; another parameter looks like a key. */
const JOB: JobDetailView = {
  ...RUNNING,
  ...{ needs: [], owners: [], failures: [] },
  params: { port: 1, "results.port": "odd", host: "::1" },
  tree: {
    ...{ kind: "flow", name: "web" },
    children: [
      { kind: "task", name: "port", result: 2 },
      { kind: "task", name: "listen", result: true },
    ],
  },
  outputs: { port: 3 },
};
const VALUES = valuesOf(JOB);
const get = (key: string): unknown => oneOf(VALUES, key).view;

describe("a value of a job", () => {
  it("is found by its part and name, whatever else has that name", () => {
    expect(["params.port", "results.port", "outputs.port"].map(get)).toEqual([1, 2, 3]);
  });

  it("is found by its name where only one has it", () => {
    expect(["host", "listen", "params.results.port"].map(get)).toEqual(["::1", true, "odd"]);
  });

  it("is not guessed from a name that several have", () => {
    expect(() => get("port")).toThrow(
      '"port" may be params.port and results.port and outputs.port',
    );
  });

  it("that there is not is told with what was meant", () => {
    expect(() => get("lisen")).toThrow(expect.objectContaining({ hint: "did you mean listen?" }));
    expect(() => get("xyzzy-plugh")).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^It has params\.port, /) as string }),
    );
  });

  it("hides none of the others in a list", () => {
    const list = listOf(VALUES);

    expect(list.view).toEqual({
      params: JOB.params,
      results: { port: 2, listen: true },
      outputs: { port: 3 },
    });
    expect(list.names).toContain("results.port");
    expect(list.table(STYLE).split("\n")[0]).toBe("params.port\t1");
  });
});
