import { satisfies } from "../../../common/text/version-range.js";
import { ABLE, builtin, notAble } from "../define.js";

/** The agent runs on a Node of that range, in the notation of package.json. */
export const nodeVersion = builtin({
  name: "node_version",
  summary: "The version of Node lies in the range.",
  takes: ["range"],
  needs: ["node_version"],
  cacheMs: Infinity,
  check: ([range], { node_version: version }) =>
    satisfies(version, range) ? ABLE : notAble(`Node is ${version}`, `Node ${range}`),
});
