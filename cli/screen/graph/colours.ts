/** Fill of a box by its state; the state is written in it as well. */
export const FILLS: Readonly<Record<string, string>> = {
  RUNNING: "#cfe8fc",
  RETRYING: "#fff0c2",
  REVERTING: "#fff0c2",
  REVERTED: "#fff0c2",
  LOST: "#fff0c2",
  SUCCESS: "#d3f2d3",
  FAILURE: "#f9d0d0",
  REVERT_FAILURE: "#f9d0d0",
};
export const PLAIN_FILL = "#f2f2f2";
/** Of letters and lines: the fills are light on dark pages, too. */
export const INK = "#222222";
