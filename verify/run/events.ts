/**
 * What a run tells while it runs: one JSON object per line. The last line is always `run.finished` and carries the
 * summary, so a consumer that reads only the last line still gets the verdict.
 */
import { z } from "zod";
import { CheckStatus, Finding, Report } from "../report.ts";

const shape = Report.shape;
const brief = Finding.pick({
  code: true,
  checkId: true,
  severity: true,
  confidence: true,
  title: true,
  subject: true,
});

const head = {
  /** Version of this format. */
  v: z.literal(1),
  /** Counts the lines of a stream from 1. */
  seq: z.int().min(1),
  at: z.string(),
  /** The same for every attempt of one command. */
  runId: z.string(),
};

const started = z.object({
  ...head,
  type: z.literal("run.started"),
  command: z.string(),
  attempt: z.int(),
  checks: z.array(z.string()),
});
const checkStarted = z.object({ ...head, type: z.literal("check.started"), checkId: z.string() });
const exchange = z.object({
  ...head,
  type: z.literal("exchange"),
  id: z.string(),
  service: z.string(),
  method: z.string(),
  url: z.string(),
  attempt: z.int(),
  status: z.int().nullable(),
  /** Class of the transport failure, or null. */
  failure: z.string().nullable(),
  totalMs: z.number(),
  correlationId: z.string(),
});
const finding = z.object({ ...head, type: z.literal("finding"), ...brief.shape });
const checkFinished = z.object({
  ...head,
  type: z.literal("check.finished"),
  checkId: z.string(),
  status: CheckStatus,
  reason: z.string(),
  durationMs: z.number(),
  findings: z.int(),
});
const progress = z.object({ ...head, type: z.literal("progress"), done: z.int(), total: z.int() });
const attempt = z.object({
  ...head,
  type: z.literal("attempt.finished"),
  n: z.int(),
  outcome: shape.outcome,
  exit: z.string(),
  /** When the next attempt starts, ms from now; null when there is none. */
  nextInMs: z.number().nullable(),
});
const changed = z.object({
  ...head,
  type: z.literal("check.changed"),
  checkId: z.string(),
  /** Null in the first round. */
  from: CheckStatus.nullable(),
  to: CheckStatus.nullable(),
  reason: z.string(),
});
const round = z.object({
  ...head,
  type: z.literal("round.finished"),
  n: z.int(),
  outcome: shape.outcome,
  verdict: z.string(),
});
const finished = z.object({
  ...head,
  type: z.literal("run.finished"),
  outcome: z.enum([...shape.outcome.options, "error"]),
  exit: z.string(),
  exitCode: z.int(),
  verdict: z.string(),
  /** Null when the run could not start. */
  report: z
    .object({
      reportId: z.string(),
      command: z.string(),
      target: shape.target,
      summary: shape.summary,
      rootCauses: z.array(Finding),
      checks: z.array(z.object({ id: z.string(), status: CheckStatus, reason: z.string() })),
      nextActions: shape.nextActions,
    })
    .nullable(),
});

/** One line of `--events`. */
export const RunEventSchema = z.discriminatedUnion("type", [
  started,
  checkStarted,
  exchange,
  finding,
  checkFinished,
  progress,
  attempt,
  changed,
  round,
  finished,
]);
/** One line of `--events`. */
export type RunEvent = z.infer<typeof RunEventSchema>;

type WithoutHead<E> = E extends unknown ? Omit<E, "v" | "seq" | "at" | "runId"> : never;
/** An event before it got its number and time. */
export type RunNews = WithoutHead<RunEvent>;

/** Numbers and stamps events; `write` gets each as one line with its newline. Nothing follows `run.finished`. */
export function eventStream(options: {
  readonly runId: string;
  readonly now: () => number;
  readonly write: (line: string) => void;
}): (news: RunNews) => void {
  let seq = 0;
  let ended = false;
  return (news) => {
    if (ended) return;
    ended = news.type === "run.finished";
    const at = new Date(options.now()).toISOString();
    options.write(`${JSON.stringify({ v: 1, seq: ++seq, at, runId: options.runId, ...news })}\n`);
  };
}

/** The last event of a run, from its report. `exit` is how the command ends, which may differ under `--watch`. */
export function finishedNews(
  report: Report,
  exit: { readonly name: string; readonly code: number },
): Extract<RunNews, { type: "run.finished" }> {
  const { reportId, command, target, summary, nextActions } = report;
  return {
    type: "run.finished",
    outcome: report.outcome,
    exit: exit.name,
    exitCode: exit.code,
    verdict: report.verdict,
    report: {
      reportId,
      command,
      target,
      summary,
      rootCauses: report.rootCauses.flatMap((id) => report.findings.find((one) => one.id === id) ?? []),
      checks: report.checks.map(({ id, status, reason }) => ({ id, status, reason })),
      nextActions,
    },
  };
}
