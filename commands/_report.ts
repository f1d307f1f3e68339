/** What `doctor` and `verify` share: their flags, the way from flags to a run, and what happens to the report. */
import { boundElsewhere, requireBaseUrl, resolveTarget, type Target } from "../lib/client/target.ts";
import { type ExitName, fail, osCodeOf } from "../lib/errors.ts";
import type { Suite } from "../verify/check.ts";
import { withBaseline } from "../verify/diff.ts";
import type { ProbeTarget } from "../verify/evidence.ts";
import { trimBodies } from "../verify/render/json.ts";
import { FORMATS, type Format, renderReport } from "../verify/render/mod.ts";
import { present } from "../verify/render/presentation.ts";
import type { Report } from "../verify/report.ts";
import { type RunOutcome, runSuites } from "../verify/runner.ts";
import { loadRun, saveRun } from "../verify/saved-run.ts";
import { decide } from "../verify/verdict.ts";
import type { ArgSpecs, ArgValues, CommandContext, CommandResult, Document } from "./_command.ts";
import { localPath } from "./_output.ts";
import { readReport } from "./_saved-report.ts";
import { TARGET_ARGS, targetFlags } from "./_target.ts";

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
  "allow-write": { type: "boolean", description: "Consent to probes that write" },
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
}

/** Runs a suite and returns its report; writes what `--report` and `--save-evidence` ask for. */
export async function makeReport(
  request: ReportRequest,
  args: ReportArgs,
  context: CommandContext,
): Promise<CommandResult<Report & Document>> {
  const outputs = (args.report ?? []).map((text) => reportOutput(text, context));
  const { report, saved } = await run(request, args, context);
  const judged =
    args.baseline === undefined
      ? report
      : againstBaseline(report, readReport(context, args.baseline), args.baseline);
  const shown = trimBodies(judged, args["max-body"] ?? BODY_CHARS);
  const evidenceDir = args["save-evidence"];
  if (evidenceDir !== undefined) saveRun(context.ports.fs, localPath(context, evidenceDir), saved);
  for (const { format, path } of outputs) writeFile(context, path, await renderReport(shown, format));
  present(shown, args.short === true ? "short" : "full");
  return { document: shown as Report & Document, exit: shown.exit as ExitName };
}

async function run(request: ReportRequest, args: ReportArgs, context: CommandContext): Promise<RunOutcome> {
  const { ports, globals, signal } = context;
  const fromDir = args["from-evidence"];
  const target =
    fromDir === undefined
      ? probeTarget(await resolveFor(request, args, context), request.provider ?? null, ports.host.homeDir)
      : nowhere(request.provider ?? null);
  return runSuites({
    command: request.command,
    suite: request.suite,
    target,
    ports,
    evidence: {
      refresh: request.refresh,
      deep: args.deep === true,
      allowWrite: args["allow-write"] === true,
    },
    failOn: args["fail-on"] ?? "error",
    only: args.only ?? [],
    skip: args.skip ?? [],
    timeoutMs: globals.timeoutMs,
    includeBodies: args["include-bodies"] === true,
    signal,
    ...(fromDir === undefined ? {} : { replay: loadRun(ports.fs, localPath(context, fromDir)) }),
  });
}

async function resolveFor(
  request: ReportRequest,
  args: ReportArgs,
  context: CommandContext,
): Promise<Target> {
  const target = await resolveTarget(
    { ...targetFlags(args, request.workspace), mount: args.mount },
    context.ports,
  );
  requireBaseUrl(target.fileApiUrl, target.sources.fileApiUrl);
  requireBaseUrl(target.controlPlaneUrl, target.sources.controlPlaneUrl);
  return target;
}

/** The target as collectors take it: no token goes to a host it does not belong to, no default host into a local stack. */
export function probeTarget(
  target: Target,
  provider: string | null,
  homeDir: string | null = null,
): ProbeTarget {
  // Reports are shared: whose home it was does not matter.
  const short = (text: string) => (homeDir === null ? text : text.replaceAll(`${homeDir}/`, "~/"));
  const { sources } = target;
  // A control plane that nobody named is not part of a stack that somebody did name.
  const named = sources.controlPlaneUrl !== "default" || sources.fileApiUrl === "default";
  const controlPlaneUrl = named ? target.controlPlaneUrl : null;
  const elsewhere: ProbeTarget["boundElsewhere"][number][] = [];
  const usable = (kind: "workspace" | "cloud", token: Target["workspaceToken"], url: string | null) => {
    if (token === null || url === null) return null;
    if (!boundElsewhere(token, url)) return { value: token.value, source: short(token.source) };
    elsewhere.push({ kind, source: short(token.source), server: token.server ?? "another host", url });
    return null;
  };
  return {
    fileApiUrl: target.fileApiUrl,
    controlPlaneUrl,
    workspace: target.workspace,
    workspaceToken: usable("workspace", target.workspaceToken, target.fileApiUrl),
    cloudToken: usable("cloud", target.cloudToken, controlPlaneUrl),
    home: target.home.dir,
    mountDir: target.mountDir,
    sources: Object.fromEntries(
      Object.entries(sources).flatMap(([key, value]) => (value === null ? [] : [[key, short(value)]])),
    ),
    problems: Object.entries(target.problems).map(([part, error]) => ({
      part,
      code: error.code,
      message: short(error.message),
      hint: short(error.hint),
    })),
    boundElsewhere: elsewhere,
    provider,
  };
}

/** A target for replayed evidence, which brings its own. */
function nowhere(provider: string | null): ProbeTarget {
  return {
    fileApiUrl: "",
    controlPlaneUrl: null,
    workspace: null,
    workspaceToken: null,
    cloudToken: null,
    home: null,
    mountDir: null,
    sources: {},
    problems: [],
    boundElsewhere: [],
    provider,
  };
}

/** The report judged again: findings that an earlier report already had do not count. */
function againstBaseline(report: Report, baseline: Report, path: string): Report {
  const marked = withBaseline(report, baseline);
  const verdict = decide({
    checks: marked.checks,
    findings: marked.findings,
    rootCauses: marked.rootCauses,
    failOn: marked.policy.failOn,
    interrupted:
      report.exit === "INTERRUPTED" ? "interrupted" : report.exit === "TERMINATED" ? "terminated" : null,
  });
  return { ...marked, ...verdict, policy: { ...marked.policy, baseline: path } };
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
