/** docs/llms.txt: where an agent that reads this repository finds what, and every command in one line. */

import { SCHEMAS } from "../../commands/_schemas.ts";
import { SECTIONS } from "../../commands/mod.ts";

const PAGES: readonly (readonly [name: string, path: string, about: string])[] = [
  ["Guide for agents", "skill/SKILL.md", "what to run, what to branch on; also `relayfile skill print`"],
  ["Commands", "cli.md", "every command with its flags and examples"],
  ["Checks", "checks.md", "every check and finding code of the toolkit"],
  ["Errors", "errors.md", "every error code, with exit codes and what to do next"],
  ["Performance", "performance.md", "measured times and how to measure them again"],
];

/** The page. */
export function renderLlms(): string {
  const commands = SECTIONS.flatMap((section) => [
    `### ${section.title}`,
    "",
    ...Object.entries(section.commands)
      .filter(([, { hidden }]) => hidden !== true)
      .map(([name, { description }]) => `- \`relayfile ${name}\`: ${description}`),
    "",
  ]);
  return `${[
    "# relayfile",
    "",
    "> One executable that mounts SaaS records as files and names the root cause when that goes wrong. Every command prints one JSON document under `--json`; exit codes and error codes are closed sets.",
    "",
    "Start with `relayfile doctor --json`, then follow `nextActions[0].argv`. `relayfile explain CODE` works offline.",
    "",
    "## Pages",
    "",
    ...PAGES.map(([name, path, about]) => `- [${name}](${path}): ${about}`),
    "",
    "## Commands",
    "",
    ...commands,
    "## Schemas",
    "",
    `\`relayfile schema NAME\` prints the JSON Schema of an output. Names: ${Object.keys(SCHEMAS).join(", ")}.`,
  ].join("\n")}\n`;
}
