import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { loadConfig } from "../../../config/load.js";

/** Where this person's flows are: those of the project, else those of the settings. */
export function flowsDirectory(): string {
  const project = resolve("flows");
  if (existsSync(project)) return project;
  const { flows } = loadConfig({ env: process.env }).config;
  return flows[0] ?? project;
}
