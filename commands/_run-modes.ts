/** One run of a suite, or many under `--wait` and `--watch`, with what a terminal or an event stream is told meanwhile. */
import { EXIT, type ExitName } from "../lib/errors.ts";
import type { ProbeTarget } from "../verify/evidence.ts";
import type { Report } from "../verify/report.ts";
import { eventStream, finishedNews, type RunNews } from "../verify/run/events.ts";
import { runUntilPass, watchRuns } from "../verify/run/loop.ts";
import { progressLine } from "../verify/run/progress.ts";
import type { Transition } from "../verify/run/transitions.ts";
import { newRunId, type RunOutcome, runSuites } from "../verify/runner.ts";
import { loadRun } from "../verify/saved-run.ts";
import type { CommandContext } from "./_command.ts";
import { localPath } from "./_output.ts";
import { nowhere, resolveProbeTarget } from "./_probe-target.ts";
import type { ReportArgs, ReportRequest } from "./_report.ts";

/** What the modes end with. */
export interface ModeOutcome {
  readonly outcome: RunOutcome;
  /** The last target; null when evidence was replayed. */
  readonly target: ProbeTarget | null;
  /** The report as it is to be shown. */
  readonly report: Report;
  readonly exit: ExitName;
}

/** Runs once or repeatedly. `finish` turns a report into the one that is shown. */
export async function runInMode(
  request: ReportRequest,
  args: ReportArgs,
  context: CommandContext,
  finish: (report: Report) => Promise<Report>,
): Promise<ModeOutcome> {
  const { ports, signal } = context;
  const runId = newRunId(ports.random);
  const tell = args.events
    ? eventStream({ runId, now: () => ports.clock.now(), write: (line) => context.write(line) })
    : null;
  const told = (news: RunNews) => {
    // The command's own end is told below, once.
    if (news.type !== "run.finished") tell?.(news);
    showProgress(news);
  };
  const showProgress = progressOf(request.command, context);
  let target: ProbeTarget | null = null;
  const run = async (attempt: number): Promise<RunOutcome> => {
    target = await targetOf(request, args, context);
    const outcome = await runSuites({
      ...runOptions(request, args, context, target),
      runId,
      attempt,
      observe: told,
    });
    return { ...outcome, report: await finish(outcome.report) };
  };
  const world = { clock: ports.clock, random: ports.random, signal };
  try {
    const outcome =
      args.watch !== undefined
        ? await watchRuns(run, args.watch, world, watching(context, tell))
        : args.wait !== undefined
          ? await runUntilPass(run, args.wait, world, (n, { outcome, exit }, nextInMs) =>
              tell?.({ type: "attempt.finished", n, outcome, exit, nextInMs }),
            )
          : await run(1);
    const { report } = outcome;
    const exit: ExitName = args.watch !== undefined && signal.aborted ? "PASS" : (report.exit as ExitName);
    tell?.(finishedNews(report, { name: exit, code: EXIT[exit] }));
    return { outcome, target, report, exit };
  } catch (thrown) {
    if (tell !== null) await tellFailure(tell, thrown);
    throw thrown;
  } finally {
    context.status?.(null);
  }
}

function targetOf(
  request: ReportRequest,
  args: ReportArgs,
  context: CommandContext,
): Promise<ProbeTarget> | ProbeTarget {
  const { provider, workspace, write } = request;
  if (args["from-evidence"] !== undefined) return nowhere(provider ?? null);
  const lookup = args.offline !== true;
  return resolveProbeTarget({ provider, workspace, providerUrl: write?.providerUrl }, args, context, {
    lookup,
  });
}

function runOptions(
  request: ReportRequest,
  args: ReportArgs,
  context: CommandContext,
  target: ProbeTarget,
): Parameters<typeof runSuites>[0] {
  const { ports, globals, signal } = context;
  const fromDir = args["from-evidence"];
  return {
    command: request.command,
    suite: request.suite,
    target,
    ports,
    evidence: {
      refresh: request.refresh && args.offline !== true,
      deep: args.deep === true,
      allowWrite: request.write?.allowed === true,
      writePath: request.write?.path ?? null,
      writeFields: request.write?.fields ?? {},
      offline: args.offline === true,
    },
    failOn: args["fail-on"] ?? "error",
    only: args.only ?? [],
    skip: args.skip ?? [],
    timeoutMs: globals.timeoutMs,
    includeBodies: args["include-bodies"] === true,
    signal,
    ...(fromDir === undefined ? {} : { replay: loadRun(ports.fs, localPath(context, fromDir)) }),
  };
}

/** Keeps one line on a terminal up to date. */
function progressOf(command: string, context: CommandContext): (news: RunNews) => void {
  let [done, total, requests, troubled] = [0, 0, 0, 0];
  return (news) => {
    if (news.type === "run.started") [done, total, troubled] = [0, news.checks.length, 0];
    else if (news.type === "progress") done = news.done;
    else if (news.type === "exchange") requests++;
    else if (news.type === "check.finished") {
      if (news.status === "fail" || news.status === "unknown") troubled++;
    } else return;
    context.status?.(progressLine({ command, done, total, requests, troubled }));
  };
}

/** Transitions as events, or as lines for people; on a terminal a heartbeat after every round. */
function watching(context: CommandContext, tell: ((news: RunNews) => void) | null) {
  const at = () => new Date(context.ports.clock.now()).toISOString();
  return {
    changed: ({ checkId, from, to, reason }: Transition) => {
      if (tell !== null) tell({ type: "check.changed", checkId, from, to, reason });
      else {
        context.status?.(null);
        context.write(`${at()}  ${from ?? "-"} -> ${to ?? "-"}  ${checkId}  ${reason}\n`);
      }
    },
    round: (n: number, { outcome, verdict }: Report) => {
      tell?.({ type: "round.finished", n, outcome, verdict });
      if (tell === null && n === 1) context.write(`${at()}  ${outcome}  ${verdict}\n`);
      context.status?.(`${at()}  round ${n}: ${outcome}, ${verdict}`);
    },
  };
}

/** The last line of a stream whose run could not start or broke. */
async function tellFailure(tell: (news: RunNews) => void, thrown: unknown): Promise<void> {
  const { errorDocument } = await import("../lib/ui/error-document.ts");
  const { createRedactor } = await import("../lib/model/redact.ts");
  const { error } = createRedactor().json(errorDocument(thrown));
  const { exit, exitCode } = error;
  tell({ type: "run.finished", outcome: "error", exit, exitCode, verdict: error.message, report: null });
}
