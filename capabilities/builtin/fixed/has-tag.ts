import { ABLE, builtin, notAble } from "../define.js";

/** The owner of the machine gave its agent this tag; without a value, any value. */
export const hasTag = builtin({
  name: "has_tag",
  summary: "The agent has the tag: key=value, or key with whatever value.",
  takes: ["tag"],
  needs: ["tags"],
  // Tags are configuration, which may be read anew.
  cacheMs: 1_000,
  check([{ key, value }], { tags }) {
    const here = Object.hasOwn(tags, key) ? tags[key] : undefined;
    if (here !== undefined && (value === undefined || value === here)) return ABLE;
    const needed = value === undefined ? key : `${key}=${value}`;
    const observed = here === undefined ? `there is no tag ${key}` : `it has ${key}=${here}`;
    return notAble(observed, needed, `start its agent with --tag ${needed}`);
  },
});
