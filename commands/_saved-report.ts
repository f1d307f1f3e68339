/** Reading a report that an earlier run saved, from a file or from standard input. */
import { fail, isRelayfileError, osCodeOf } from "../lib/errors.ts";
import type { Report } from "../verify/report.ts";
import { REPORT_BYTES_MAX, readSavedReport } from "../verify/saved-report.ts";
import type { CommandContext } from "./_command.ts";
import { readInput } from "./_input.ts";
import { localPath } from "./_output.ts";

/** Reads a saved report; `-` is standard input. Fails with `invalid_input` naming the file and the place. */
export async function readReport(context: CommandContext, path: string): Promise<Report> {
  if (path === "-") return readSavedReport(await readInput(context, REPORT_BYTES_MAX), "standard input");
  return readSavedReport(readWhole(context, path), path);
}

function readWhole(context: CommandContext, path: string): Uint8Array {
  const { fs } = context.ports;
  try {
    const file = fs.realPath(localPath(context, path));
    const stat = fs.lstat(file);
    if (stat !== null && stat.kind !== "file")
      fail("invalid_input", `${path} is no file (${stat.kind})`, { hint: "Name a report saved as JSON" });
    if (stat !== null && stat.sizeBytes > REPORT_BYTES_MAX) {
      const size = `${stat.sizeBytes} bytes, the limit is ${REPORT_BYTES_MAX}`;
      fail("invalid_input", `${path} is ${size}`, { hint: "Make a smaller one with --max-body 0" });
    }
    return fs.readFile(file);
  } catch (cause) {
    const code = osCodeOf(cause);
    if (code === undefined || isRelayfileError(cause)) throw cause;
    const hint = code === "ENOENT" ? "Make one: relayfile doctor --report json=report.json" : undefined;
    return fail("invalid_input", `cannot read ${path} (${code})`, { path, ...(hint && { hint }) }, { cause });
  }
}
