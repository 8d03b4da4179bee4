/** Which board an agent is on, and which its cluster uses. */
export interface BoardView {
  readonly agent: string;
  /** Random id of the board that the agent is on. */
  readonly here: string;
  /** Of the one that the cluster uses; absent before the first. Agents on another claim nothing. */
  readonly inUse?: string;
}
