import { SCHEDULE_NAME as PATTERN } from "../../../common/wire/schedules.js";

export const FLOW_NAME = { type: "string", pattern: "^[A-Za-z][A-Za-z0-9_-]{0,63}$" } as const;
export const AGENT_NAME = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" } as const;
export const DURATION = { type: "string", pattern: "^[0-9a-z.]{1,20}$" } as const;
export const SCHEDULE_NAME = { type: "string", pattern: PATTERN } as const;
