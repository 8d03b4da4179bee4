/** Answer of POST /v1/agents/NAME/forget. */
export interface ForgottenView {
  readonly agent: string;
  /** False: it is not listed now, and may be again when its machine's registry comes back. */
  readonly forgotten: boolean;
}
