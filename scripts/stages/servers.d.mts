/** Packages of the servers that are not there. */
export function missingServers(path?: string): string[];
/** What somebody can do whose machine we do not touch. */
export function howToInstall(packages: readonly string[]): string;
/** True when one of the servers themselves is among the missing packages. */
export function lacksServer(missing: readonly string[]): boolean;
/** True when servers may be had without these programs: addresses are given, or an engine is there. */
export function haveOtherServers(env?: Readonly<Record<string, string | undefined>>): boolean;
