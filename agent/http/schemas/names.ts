export const FLOW_NAME = { type: "string", pattern: "^[A-Za-z][A-Za-z0-9_-]{0,63}$" } as const;
export const AGENT_NAME = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" } as const;
export const DURATION = { type: "string", pattern: "^[0-9a-z.]{1,20}$" } as const;
/** In small letters: no database then takes two of them for one. */
export const SCHEDULE_NAME = { type: "string", pattern: "^[a-z0-9][a-z0-9_.-]{0,63}$" } as const;
