/**
 * Header with an agent's name: in an answer, of the agent that gives it; in a request, of the only
 * one that may obey it. An address may have become another agent's since it was written down.
 */
export const AGENT_HEADER = "jobrunner-agent";
