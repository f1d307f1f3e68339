/** Inside GitHub Actions a report also goes where people look: the step summary, and annotations on the run. */
import { osCodeOf } from "../lib/errors.ts";
import { renderGithub, renderStepSummary, STEP_SUMMARY_BYTES_MAX } from "../verify/render/github.ts";
import { present, presentationOf } from "../verify/render/presentation.ts";
import type { Report } from "../verify/report.ts";
import type { CommandContext, CommandResult } from "./_command.ts";

/**
 * The same result. Under `GITHUB_ACTIONS=true` its report is appended to the file `GITHUB_STEP_SUMMARY` names, within
 * what is left of 1 MiB, and the text form starts with annotations; under `--json` stdout stays one document.
 * A summary that cannot be written is a warning in the log.
 */
export function announced<R extends CommandResult<Report & CommandResult["document"]>>(
  result: R,
  context: CommandContext,
): R {
  const { env } = context.ports.host;
  if (env.GITHUB_ACTIONS !== "true") return result;
  const report = result.document;
  const path = env.GITHUB_STEP_SUMMARY;
  if (path !== undefined && path !== "") appendSummary(context, path, report);
  if (!context.globals.json) present(report, presentationOf(report), renderGithub(report));
  return result;
}

function appendSummary({ ports }: CommandContext, path: string, report: Report): void {
  try {
    const used = ports.fs.lstat(path)?.sizeBytes ?? 0;
    const text = renderStepSummary(report, Math.max(0, STEP_SUMMARY_BYTES_MAX - used - 1));
    if (text !== "") ports.fs.appendFile(path, new TextEncoder().encode(used > 0 ? `\n${text}` : text));
    else ports.log.warn("the step summary is full: the report is not in it");
  } catch (error) {
    // The verdict does not depend on where it is shown.
    ports.log.warn("cannot write the step summary", { code: osCodeOf(error) ?? "unknown" });
  }
}
