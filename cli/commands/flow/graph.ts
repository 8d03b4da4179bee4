import { JobrunnerError } from "../../../common/error.js";
import { didYouMean } from "../../../common/text/did-you-mean.js";
import { type CommonOptions, GRAPH_FORMATS } from "../../options.js";
import { post } from "../post/post.js";

/**
 * `jobrunner flow graph FLOW [--as FORMAT] [flags of the flow]`: what `post FLOW --graph` draws; its
 * shape may depend on the parameters.
 */
export async function graphFlow(words: readonly string[], outer: CommonOptions): Promise<number> {
  const { format, rest } = takeFormat(words);
  if (rest.every((word) => word.startsWith("-"))) {
    throw new JobrunnerError("USAGE", "which flow?", { hint: "jobrunner flows lists them" });
  }
  // Who draws a flow did not think that it was posted.
  return post([...rest, `--graph=${format}`], outer, { quiet: true });
}

function takeFormat(words: readonly string[]): { format: string; rest: readonly string[] } {
  const place = words.findIndex((word) => word === "--as" || word.startsWith("--as="));
  if (place < 0) return { format: "text", rest: words };
  const isJoined = words[place] !== "--as";
  const format = isJoined ? (words[place] ?? "").slice("--as=".length) : (words[place + 1] ?? "");
  if (!GRAPH_FORMATS.some((each) => each === format)) {
    const known = `there are ${GRAPH_FORMATS.join(", ")}`;
    throw new JobrunnerError("USAGE", `--as: flows are not drawn as "${format}"`, {
      hint: didYouMean(format, GRAPH_FORMATS, known),
    });
  }
  return { format, rest: words.filter((_, at) => at !== place && (isJoined || at !== place + 1)) };
}
