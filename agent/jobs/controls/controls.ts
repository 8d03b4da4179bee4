import type { ControlsRequest, ControlsView } from "../../../common/wire/flow-control.js";
import type { Controls } from "../../../persistence/persistence.js";

/** What a posting says of what holds its job back. */
export function controlsOf({ uniqueKey }: ControlsRequest): Controls {
  return { ...(uniqueKey !== undefined && { uniqueKey }) };
}

export function toControlsView({ uniqueKey }: Controls): ControlsView {
  return { ...(uniqueKey !== undefined && { uniqueKey }) };
}

/** What a retry takes over of the job that it is like: what holds every job of its kind back. */
export function inherited({ uniqueKey }: Controls): Controls {
  return { ...(uniqueKey !== undefined && { uniqueKey }) };
}
