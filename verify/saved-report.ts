/** A report that was written to a file comes back as a report, or as an error that says what is wrong with the file. */
import { EXIT, fail, isRelayfileError } from "../lib/errors.ts";
import { parseReport, type Report } from "./report.ts";
import { SKIPPED_LEFT_OUT } from "./run/slim.ts";

/** Larger files are not read: no report of ours comes near it. */
export const REPORT_BYTES_MAX = 64 * 1024 * 1024;

const MAKE_ONE = "Make one: relayfile doctor --report json=report.json";

/** The report in the bytes of a file. Fails with `invalid_input` naming the file, the place and what to do. */
export function readSavedReport(bytes: Uint8Array, name: string): Report {
  const text = textOf(bytes, name);
  refuseOtherKinds(text, name);
  const report = parsed(text, name);
  const [fault] = inconsistencies(report);
  if (fault !== undefined)
    fail("invalid_input", `${name} contradicts itself: ${fault}`, {
      hint: "It was edited by hand; use the file as relayfile wrote it",
    });
  return report;
}

/** What in a report cannot have been written by any version: numbers that do not add up, verdicts that do not follow. */
export function inconsistencies(report: Report): string[] {
  const faults: string[] = [];
  const codes: Readonly<Record<string, number>> = EXIT;
  if (codes[report.exit] !== report.exitCode)
    faults.push(`exit ${report.exit} is not code ${report.exitCode}`);
  const { checks, findings } = report.summary;
  const leftOut = report.truncated.find(({ what }) => what === SKIPPED_LEFT_OUT)?.dropped ?? 0;
  for (const status of ["pass", "warn", "fail", "unknown", "skip"] as const) {
    const found = report.checks.filter((check) => check.status === status).length;
    if (found + (status === "skip" ? leftOut : 0) !== checks[status])
      faults.push(`it counts ${checks[status]} checks as ${status} and holds ${found}`);
  }
  for (const severity of ["error", "warn", "info"] as const) {
    const found = report.findings.filter((finding) => finding.severity === severity).length;
    if (found !== findings[severity])
      faults.push(`it counts ${findings[severity]} findings as ${severity} and holds ${found}`);
  }
  const ids = new Set(report.findings.map((finding) => finding.id));
  if (ids.size !== report.findings.length) faults.push("two findings share an id");
  const missing = [
    ...report.rootCauses,
    ...report.checks.flatMap((check) => check.findingIds),
    ...report.findings.flatMap((finding) => finding.causedBy),
  ].find((id) => !ids.has(id));
  if (missing !== undefined) faults.push(`finding ${missing} is referred to and not there`);
  const counts = report.findings.some(
    (finding) =>
      finding.severity === "error" && finding.class !== "transient" && finding.baselineState !== "unchanged",
  );
  if (counts && (report.outcome === "pass" || report.outcome === "warn"))
    faults.push(`its outcome is ${report.outcome} although it holds errors`);
  if (counts && report.exitCode === 0) faults.push("its exit code is 0 although it holds errors");
  return faults;
}

function textOf(bytes: Uint8Array, name: string): string {
  if (bytes.byteLength === 0) fail("invalid_input", `${name} is empty`, { hint: MAKE_ONE });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    return fail("invalid_input", `${name} is not UTF-8 text`, { hint: MAKE_ONE }, { cause });
  }
}

/** Other files of ours are told apart by name, since they are what people pass by mistake. */
function refuseOtherKinds(text: string, name: string): void {
  const head = text.slice(0, 2_000);
  if (/^\s*\{"v":1,"seq":\d/.test(head))
    fail("invalid_input", `${name} holds the events of a run, not its report`, { hint: MAKE_ONE });
  if (/^\s*(?:<!doctype|<\?xml|#|::)/i.test(head))
    fail("invalid_input", `${name} is a rendered report; only the JSON form can be read again`, {
      hint: MAKE_ONE,
    });
  // In a report of ours the kind stands before anything that can hold another one.
  const kind = /^\s*\{[^{[]*?"kind":\s*"(relayfile\.[a-z-]+)"/.exec(head)?.[1];
  if (kind === undefined || kind === "relayfile.report") return;
  fail("invalid_input", `${name} is a ${kind} document, not a report`, { hint: HINTS[kind] ?? MAKE_ONE });
}

const HINTS: Readonly<Record<string, string>> = {
  "relayfile.demo": "It holds reports: take one out with jq .reports.doctor FILE > report.json",
  "relayfile.error": "The command failed before it made a report; its error says why",
  "relayfile.report-diff": "It compares two reports; name one of them",
};

function parsed(text: string, name: string): Report {
  try {
    return parseReport(text, name);
  } catch (thrown) {
    if (isRelayfileError(thrown)) throw thrown;
    // Nothing we write nests deeply enough to exhaust the stack.
    if (thrown instanceof RangeError)
      return fail(
        "invalid_input",
        `${name} is nested too deeply to be a report`,
        { hint: MAKE_ONE },
        { cause: thrown },
      );
    throw thrown;
  }
}
