/** Reading a report that an earlier run saved. */
import { fail, osCodeOf } from "../lib/errors.ts";
import { parseReport, type Report } from "../verify/report.ts";
import type { CommandContext } from "./_command.ts";
import { localPath } from "./_output.ts";

const REPORT_BYTES_MAX = 64 * 1024 * 1024;

/** Reads a saved report. Fails with `invalid_input` naming the file and the place. */
export function readReport(context: CommandContext, path: string): Report {
  const file = localPath(context, path);
  let text: string;
  try {
    const size = context.ports.fs.lstat(file)?.sizeBytes ?? 0;
    if (size > REPORT_BYTES_MAX)
      fail("invalid_input", `${path} is ${size} bytes, the limit is ${REPORT_BYTES_MAX}`);
    text = new TextDecoder().decode(context.ports.fs.readFile(file));
  } catch (cause) {
    if (osCodeOf(cause) === undefined) throw cause;
    return fail("invalid_input", `cannot read ${path} (${osCodeOf(cause)})`, { path }, { cause });
  }
  return parseReport(text, path);
}
