/** What `doctor` and `verify` share: their flags, the way from flags to a run, and what happens to the report. */
import { fail, osCodeOf } from "../lib/errors.ts";
import { againstBaseline } from "../verify/baseline.ts";
import type { Suite } from "../verify/check.ts";
import { trimBodies } from "../verify/render/json.ts";
import { FORMATS, type Format, renderReport } from "../verify/render/mod.ts";
import { present } from "../verify/render/presentation.ts";
import type { Report } from "../verify/report.ts";
import type { PlanDocument } from "../verify/run/plan.ts";
import { slimReport } from "../verify/run/slim.ts";
import { saveRun } from "../verify/saved-run.ts";
import type { ArgSpecs, ArgValues, CommandContext, CommandResult, Document } from "./_command.ts";
import { localPath } from "./_output.ts";
import { resolveProbeTarget } from "./_probe-target.ts";
import { runInMode } from "./_run-modes.ts";
import { readReport } from "./_saved-report.ts";
import { TARGET_ARGS } from "./_target.ts";

const BODY_CHARS = 1_024;

/** Flags of every command that makes a report. */
export const REPORT_ARGS = {
  ...TARGET_ARGS,
  mount: { type: "string", valueHint: "DIR", description: "The mirror to look at; else the registered one" },
  "fail-on": {
    type: "enum",
    options: ["error", "warn", "info"],
    description: "Least severity of a finding that makes the exit code 1 (default error)",
  },
  only: {
    type: "strings",
    valueHint: "GLOB",
    description: "Run only these checks and what they stand on; repeatable",
  },
  skip: { type: "strings", valueHint: "GLOB", description: "Leave these checks out; repeatable" },
  list: { type: "boolean", description: "List the checks instead of running them" },
  short: { type: "boolean", description: "At most 25 lines" },
  report: {
    type: "strings",
    valueHint: "FORMAT=PATH",
    description: `Also write the report to a file (${FORMATS.join(", ")}); repeatable`,
  },
  "save-evidence": {
    type: "string",
    valueHint: "DIR",
    description: "Keep what was observed, for --from-evidence",
  },
  "from-evidence": {
    type: "string",
    valueHint: "DIR",
    description: "Judge saved evidence again; nothing is asked",
  },
  "include-bodies": {
    type: "boolean",
    description: "Keep record contents in the report, not only their types",
  },
  "max-body": {
    type: "integer",
    min: 0,
    valueHint: "CHARS",
    description: "Length of body previews in the report (default 1024)",
  },
  baseline: {
    type: "string",
    valueHint: "FILE",
    description: "An earlier report: only what is new or changed since counts for the exit code",
  },
  deep: { type: "boolean", description: "Also ask what is slow or mints a token" },
  plan: { type: "boolean", description: "Show the requests it would send; send nothing" },
  offline: { type: "boolean", description: "Look at this machine only; ask no service" },
  wait: {
    type: "duration",
    valueHint: "DURATION",
    description: "Repeat until everything passes, at most this long; the last attempt decides",
  },
  watch: {
    type: "duration",
    valueHint: "DURATION",
    description: "Repeat at this interval until Ctrl-C and print what changes",
  },
  events: { type: "boolean", description: "Print what happens as one JSON object per line" },
  bundle: {
    type: "string",
    valueHint: "FILE",
    description: "Also write report, evidence, state files and log ends to a .tar.gz, without secrets",
  },
} as const satisfies ArgSpecs;

/** Parsed values of `REPORT_ARGS`; all may be missing when another command calls. */
export type ReportArgs = Partial<ArgValues<typeof REPORT_ARGS>>;

/** What a command asks for beside its flags. */
export interface ReportRequest {
  readonly command: string;
  readonly suite: Suite;
  readonly provider?: string;
  readonly workspace?: string;
  readonly refresh: boolean;
  /** Consent and wishes of a write probe; absent where nothing writes. */
  readonly write?: WriteRequest;
}

/** What a write probe may do. */
export interface WriteRequest {
  readonly allowed: boolean;
  /** A record that the operator names for an edit, or a collection for a create. */
  readonly path?: string;
  /** Base URL of the provider's own API, `{provider}` filled in. */
  readonly providerUrl?: string;
  /** Fields of a throwaway, by dotted key. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** Runs a suite and returns its report; writes what `--report`, `--save-evidence` and `--bundle` ask for. */
export async function makeReport(
  request: ReportRequest,
  args: ReportArgs,
  context: CommandContext,
): Promise<CommandResult<Report & Document>> {
  requireOneMode(args, context);
  const outputs = (args.report ?? []).map((text) => reportOutput(text, context));
  // Read before anything is asked: a bad file should not cost a run.
  const baseline = args.baseline === undefined ? null : await readReport(context, args.baseline);
  const finish = async (made: Report): Promise<Report> => {
    const judged = baseline === null ? made : againstBaseline(made, baseline, args.baseline ?? "");
    return trimBodies(judged, args["max-body"] ?? BODY_CHARS);
  };
  const { outcome, target, report, exit } = await runInMode(request, args, context, finish);
  const evidenceDir = args["save-evidence"];
  if (evidenceDir !== undefined) saveRun(context.ports.fs, localPath(context, evidenceDir), outcome.saved);
  for (const { format, path } of outputs) writeFile(context, path, await renderReport(report, format));
  const shown =
    args.bundle === undefined
      ? report
      : { ...report, bundle: await bundled(context, args.bundle, { report, saved: outcome.saved, target }) };
  // What was written stands above, so that the verdict stays the last line.
  present(shown, args.short === true ? "short" : "full", bundleText(shown.bundle));
  const { json, verbosity } = context.globals;
  return { document: (json && verbosity === 0 ? slimReport(shown) : shown) as Report & Document, exit };
}

/** The requests a run would send. Nothing is sent. */
export async function makePlan(
  request: ReportRequest,
  args: ReportArgs,
  context: CommandContext,
): Promise<CommandResult<PlanDocument>> {
  const { planRun } = await import("../verify/run/plan.ts");
  const asked = { ...request, providerUrl: request.write?.providerUrl };
  const document = await planRun({
    command: request.command,
    suite: request.suite,
    target: await resolveProbeTarget(asked, args, context, { lookup: false }),
    ports: context.ports,
    evidence: {
      refresh: request.refresh,
      deep: args.deep === true,
      allowWrite: request.write?.allowed === true,
      writePath: request.write?.path ?? null,
      writeFields: request.write?.fields ?? {},
    },
    only: args.only ?? [],
    skip: args.skip ?? [],
    signal: context.signal,
  });
  return { document, exit: "PASS" };
}

function requireOneMode(args: ReportArgs, { globals }: CommandContext): void {
  const together = (a: boolean, b: boolean, words: string) => {
    if (a && b) fail("usage", words);
  };
  const loops = args.wait !== undefined || args.watch !== undefined;
  together(args.wait !== undefined, args.watch !== undefined, "--wait ends and --watch does not: give one");
  together(loops, args["from-evidence"] !== undefined, "saved evidence does not change: nothing to wait for");
  together(args.events === true, globals.json, "--events prints a stream and --json one document: give one");
  together(
    args.watch !== undefined && args.events !== true,
    globals.json,
    "--watch prints no document: use --events instead of --json",
  );
  if (args.watch !== undefined && args.watch < 1_000)
    fail("usage", `--watch ${args.watch}ms is too short, the least is 1s`);
}

function bundleText(bundle: Report["bundle"]): string {
  if (bundle === undefined) return "";
  const { path, bytes, files, redactions } = bundle;
  const size = `${files.length} files, ${Math.ceil(bytes / 1024)} KiB, ${redactions.count} secrets removed`;
  const members = files.map((file) => `  ${file.path}  ${file.bytes} bytes  ${file.what}`);
  return `${[`bundle ${path}: ${size}`, ...members, ""].join("\n")}\n`;
}

async function bundled(
  context: CommandContext,
  path: string,
  made: Parameters<typeof import("./_bundle.ts").writeBundle>[2],
): Promise<NonNullable<Report["bundle"]>> {
  const { writeBundle } = await import("./_bundle.ts");
  return writeBundle(context, localPath(context, path), made);
}

function reportOutput(text: string, context: CommandContext): { format: Format; path: string } {
  const cut = text.indexOf("=");
  const [format, path] = cut === -1 ? [text, ""] : [text.slice(0, cut), text.slice(cut + 1)];
  if (!(FORMATS as readonly string[]).includes(format)) {
    fail("usage", `--report knows no format ${JSON.stringify(format)}`, {
      hint: `Formats: ${FORMATS.join(", ")}`,
    });
  }
  if (path === "") fail("usage", `--report ${text} names no file`, { hint: `--report ${format}=PATH` });
  return { format: format as Format, path: localPath(context, path) };
}

function writeFile(context: CommandContext, path: string, text: string): void {
  try {
    context.ports.fs.writeFile(path, new TextEncoder().encode(text));
  } catch (cause) {
    fail("io_error", `cannot write ${path} (${osCodeOf(cause) ?? "unknown error"})`, { path }, { cause });
  }
}
