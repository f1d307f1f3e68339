/** Commands that a report tells people to run: every one of ours must be understood by this very program. */
import { COMMANDS } from "../../commands/mod.ts";
import { messageOf } from "../../lib/errors.ts";
import { parseArgv } from "../../lib/ui/argv.ts";
import { GLOBAL_ARGS } from "../../lib/ui/globals.ts";
import { commandLine, isLeaf, locate } from "../../lib/ui/tree.ts";
import type { Report } from "../../verify/report.ts";

/** What is wrong with the suggested commands of a report, one line each; empty when all can be run. */
export async function suggestionProblems(report: Report): Promise<string[]> {
  const lines = new Map<string, readonly string[]>();
  for (const { argv } of [
    ...report.nextActions,
    ...report.findings.flatMap(({ remediation }) => remediation?.commands ?? []),
  ])
    lines.set(argv.join(" "), argv);
  const problems = await Promise.all([...lines.values()].map(problemOf));
  const repeated = report.nextActions.some(({ argv }) => argv.join(" ") === `relayfile ${report.command}`);
  return [...problems.flat(), ...(repeated ? [`suggests the command just run: ${report.command}`] : [])];
}

async function problemOf(argv: readonly string[]): Promise<string[]> {
  const [program, ...words] = argv;
  if (program !== "relayfile") return [];
  try {
    const { path, found, rest } = await locate(words, COMMANDS);
    if (found === null || !isLeaf(found)) return [`suggests ${argv.join(" ")}, which names no command`];
    parseArgv(rest, { ...GLOBAL_ARGS, ...found.spec.args }, commandLine(path));
    return [];
  } catch (thrown) {
    return [`suggests ${argv.join(" ")}: ${messageOf(thrown)}`];
  }
}
