/** Where an agent listens when nobody says otherwise. */
export const DEFAULT_PORT = 7463;

/** Lowest and highest port of a range, both included. */
export type PortRange = readonly [low: number, high: number];

/** Whose free ports an agent tells, unless its owner says otherwise. */
export const FREE_PORTS: PortRange = [8_000, 8_999];
